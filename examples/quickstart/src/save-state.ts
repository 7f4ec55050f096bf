/** What can be said truthfully about the edits made in this window. */
export type SaveState =
  | { kind: 'connecting' }
  | { kind: 'saved' }
  | { kind: 'saving'; edits: number }
  | { kind: 'offline'; edits: number }
  | { kind: 'database-away'; edits: number }
  | { kind: 'refused'; reason: string };

/** What the provider and the server have said so far. */
export interface Signals {
  connected: boolean;
  /** The first exchange of this connection is complete. */
  synced: boolean;
  /** Edits that the server has not answered with "it is in the log". */
  unanswered: number;
  /** False after the server said that it cannot write its log just now. */
  durable: boolean;
  refusal: string | undefined;
}

export function saveStateOf(signals: Signals): SaveState {
  const { connected, synced, unanswered: edits, durable, refusal } = signals;
  if (refusal !== undefined) return { kind: 'refused', reason: refusal };
  if (!connected) return { kind: 'offline', edits };
  if (!synced) return { kind: 'connecting' };
  if (edits === 0) return { kind: 'saved' };
  return durable ? { kind: 'saving', edits } : { kind: 'database-away', edits };
}

export function describeSaveState(state: SaveState): string {
  switch (state.kind) {
    case 'connecting':
      return 'Connecting…';
    case 'saved':
      return 'Saved';
    case 'saving':
      return `Saving… ${state.edits}`;
    case 'offline':
      return state.edits === 0 ? 'Offline' : `Offline · ${state.edits} unsaved`;
    case 'database-away':
      return 'Not saved: the server’s database is away';
    case 'refused':
      return state.reason;
  }
}
