/** A board that could not be loaded, and why. */
export interface QuarantinedBoard {
  board: string;
  epoch: string;
  reason: string;
  since: Date;
}

/** The boards in quarantine. Every implementation passes `quarantine-store.contract.ts`. */
export interface QuarantineStore {
  /** Marks the board if it has this epoch. The first mark of an epoch stays. Returns the one that holds. */
  add(mark: Omit<QuarantinedBoard, 'since'>): Promise<QuarantinedBoard | undefined>;

  /** The mark of the board's current epoch. */
  find(board: string): Promise<QuarantinedBoard | undefined>;

  /** All boards whose current epoch is marked, in the order of their ids. */
  list(): Promise<QuarantinedBoard[]>;

  /** Lifts the mark. Whether it was there. */
  release(mark: Pick<QuarantinedBoard, 'board' | 'epoch'>): Promise<boolean>;
}
