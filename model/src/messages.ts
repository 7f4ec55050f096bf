import { type Access, isAccess, type Rights } from './access.ts';

/**
 * Sent when a board is opened on a connection: which incarnation of it, how far its log goes, who
 * serves it, and what the token allows. Without `access`, the server did not say what it allows.
 */
export interface HelloMessage extends Partial<Rights> {
  readonly type: 'hello';
  readonly board: string;
  readonly epoch: string;
  readonly head: number;
  readonly node: string;
  /** Also edits that the token allows may be refused, for what the board may hold. */
  readonly mayRefuse?: true;
  /** Why the board cannot be served, and this is only what can be read of it. */
  readonly quarantined?: string;
}

/** What the token allows from now on, after a new token that allows something else. */
export interface AccessMessage extends Rights {
  readonly type: 'access';
}

/**
 * Edits of these widgets, and of these root types other than `widgets`, were refused; the sender's
 * copy has to go back to the server's state. What else was in the same frame was taken.
 */
export interface RejectedMessage {
  readonly type: 'rejected';
  readonly widgets: readonly string[];
  /** Left out when there are none: `board` is the root type that holds the title. */
  readonly roots?: readonly string[];
  readonly reason: string;
}

/** `delayed`: the log cannot be written just now; edits go on, "saved" comes later. */
export interface DurabilityMessage {
  readonly type: 'durability';
  readonly state: 'ok' | 'delayed';
}

/** What the server says besides Yjs: JSON in a Hocuspocus stateless message. */
export type ServerMessage = HelloMessage | AccessMessage | RejectedMessage | DurabilityMessage;

export function encodeMessage(message: ServerMessage): string {
  return JSON.stringify(message);
}

/**
 * Reads a stateless message. Undefined for whatever is not a message this version knows, so that
 * newer servers may say more. Checked by hand: this runs in browsers, where a schema library
 * would weigh more than the rest of the client.
 */
export function parseServerMessage(text: string): ServerMessage | undefined {
  const message = parseObject(text);
  switch (message?.type) {
    case 'hello': {
      const { type, board, epoch, head, node, mayRefuse, quarantined } = message;
      if (!isText(board) || !isText(epoch) || !isSeq(head) || !isText(node)) return undefined;
      const rights = parseRights(message);
      return {
        type,
        board,
        epoch,
        head,
        node,
        ...(mayRefuse === true && { mayRefuse }),
        ...(isText(quarantined) && { quarantined }),
        ...rights,
      };
    }
    case 'access': {
      const rights = parseRights(message);
      return rights && { type: message.type, ...rights };
    }
    case 'rejected': {
      const { type, widgets, roots, reason } = message;
      if (!isTexts(widgets) || !isText(reason)) return undefined;
      return { type, widgets, ...(isTexts(roots) && { roots }), reason };
    }
    case 'durability': {
      const { type, state } = message;
      return state === 'ok' || state === 'delayed' ? { type, state } : undefined;
    }
    default:
      return undefined;
  }
}

/** Undefined unless all of it is understood: in half of it a restriction could be missing. */
function parseRights({ access, widgets }: Record<string, unknown>): Rights | undefined {
  if (!isAccess(access)) return undefined;
  if (widgets === undefined) return { access };
  if (typeof widgets !== 'object' || widgets === null || Array.isArray(widgets)) return undefined;
  const entries: [string, Access][] = [];
  for (const [pattern, inWidget] of Object.entries(widgets)) {
    if (!isAccess(inWidget)) return undefined;
    entries.push([pattern, inWidget]);
  }
  return { access, widgets: Object.fromEntries(entries) };
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null
      ? (value as Record<string, unknown>)
      : undefined;
  } catch (error) {
    // Text that is not JSON is somebody else's stateless message.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every(isText);
}

function isSeq(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
