/** Something that many members are sent, and the frames made of it so far: most members need the same. */
export interface SharedUpdate {
  readonly bytes: Uint8Array;
  /** As they stand on a socket, by what they were made for: a protocol and an address. */
  readonly frames: Map<string, Uint8Array>;
}

export function share(bytes: Uint8Array): SharedUpdate {
  return { bytes, frames: new Map() };
}
