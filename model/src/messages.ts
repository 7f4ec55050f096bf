/** Sent when a board is opened on a connection: which incarnation of it, how far its log goes, and who serves it. */
export interface HelloMessage {
  readonly type: 'hello';
  readonly board: string;
  readonly epoch: string;
  readonly head: number;
  readonly node: string;
}

/** Edits of these widgets were refused; the sender's copy has to go back to the server's state. */
export interface RejectedMessage {
  readonly type: 'rejected';
  readonly widgets: readonly string[];
  readonly reason: string;
}

/** `delayed`: the log cannot be written just now; edits go on, "saved" comes later. */
export interface DurabilityMessage {
  readonly type: 'durability';
  readonly state: 'ok' | 'delayed';
}

/** What the server says besides Yjs: JSON in a Hocuspocus stateless message. */
export type ServerMessage = HelloMessage | RejectedMessage | DurabilityMessage;

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
      const { type, board, epoch, head, node } = message;
      return isText(board) && isText(epoch) && isSeq(head) && isText(node)
        ? { type, board, epoch, head, node }
        : undefined;
    }
    case 'rejected': {
      const { type, widgets, reason } = message;
      return Array.isArray(widgets) && widgets.every(isText) && isText(reason)
        ? { type, widgets, reason }
        : undefined;
    }
    case 'durability': {
      const { type, state } = message;
      return state === 'ok' || state === 'delayed' ? { type, state } : undefined;
    }
    default:
      return undefined;
  }
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

function isSeq(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
