import * as encoding from 'lib0/encoding';

/** Writes one struct. */
export type WriteStruct = (encoder: encoding.Encoder, index: number) => void;

export interface HostileRun {
  client: number;
  structs: number;
  write: WriteStruct;
}

/** An update of as many structs as one likes, written without making them first. */
export function hostileUpdate(
  runs: readonly HostileRun[],
  deletions: readonly { client: number; ranges: readonly (readonly [number, number])[] }[] = [],
): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, runs.length);
  for (const { client, structs, write } of runs) {
    encoding.writeVarUint(encoder, structs);
    encoding.writeVarUint(encoder, client);
    encoding.writeVarUint(encoder, 0);
    for (let index = 0; index < structs; index++) write(encoder, index);
  }
  encoding.writeVarUint(encoder, deletions.length);
  for (const { client, ranges } of deletions) {
    encoding.writeVarUint(encoder, client);
    encoding.writeVarUint(encoder, ranges.length);
    for (const [clock, length] of ranges) {
      encoding.writeVarUint(encoder, clock);
      encoding.writeVarUint(encoder, length);
    }
  }
  return encoding.toUint8Array(encoder);
}

const gc: WriteStruct = (encoder) => {
  encoding.writeUint8(encoder, 0);
  encoding.writeVarUint(encoder, 1);
};

/** What an item says of its place. */
export interface ItemPlace {
  root?: string;
  parent?: readonly [client: number, clock: number];
  key?: string;
  origin?: readonly [client: number, clock: number];
  rightOrigin?: readonly [client: number, clock: number];
}

/** The beginning of an item; its content has to follow. `kind` is Yjs' number of that. */
function writeItem(encoder: encoding.Encoder, kind: number, at: ItemPlace = {}): void {
  const { root = 'root', parent, key, origin, rightOrigin } = at;
  const info =
    kind | (origin ? 0x80 : 0) | (rightOrigin ? 0x40 : 0) | (key === undefined ? 0 : 0x20);
  encoding.writeUint8(encoder, info);
  for (const id of [origin, rightOrigin]) if (id) writeId(encoder, id);
  if (origin || rightOrigin) return;
  encoding.writeVarUint(encoder, parent ? 0 : 1);
  if (parent) writeId(encoder, parent);
  else encoding.writeVarString(encoder, root);
  if (key !== undefined) encoding.writeVarString(encoder, key);
}

/** A character somewhere. */
export function character(placeOf: (index: number) => ItemPlace): WriteStruct {
  return (encoder, index) => {
    writeItem(encoder, 4, placeOf(index));
    encoding.writeVarString(encoder, 'x');
  };
}

/** Maps, each in the one before. */
export const nestedMap: WriteStruct = (encoder, index) => {
  writeItem(encoder, 7, { key: 'k', ...(index > 0 && { parent: [1, index - 1] as const }) });
  encoding.writeVarUint(encoder, 1);
};

/** Characters of a text from left to right, and as many between its start and each of them: Yjs compares all with all. */
export function crowd(characters: number): HostileRun {
  const half = Math.floor(characters / 2);
  const placeOf = (index: number): ItemPlace => {
    if (index >= half) return { rightOrigin: [1, index - half] };
    return index > 0 ? { origin: [1, index - 1] } : {};
  };
  return { client: 1, structs: characters, write: character(placeOf) };
}

function writeId(encoder: encoding.Encoder, [client, clock]: readonly [number, number]): void {
  encoding.writeVarUint(encoder, client);
  encoding.writeVarUint(encoder, clock);
}

/** Updates that hold too much of one thing, by what the refusal says of them. */
export const hostileUpdates: Readonly<Record<string, () => Uint8Array>> = {
  structs: () => hostileUpdate([{ client: 1, structs: 1_000_000, write: gc }]),
  'client ids': () =>
    hostileUpdate(
      Array.from({ length: 60_000 }, (_, client) => ({
        client: client + 1,
        structs: 1,
        write: gc,
      })),
    ),
  deletions: () =>
    hostileUpdate(
      [],
      [{ client: 1, ranges: Array.from({ length: 600_000 }, (_, at) => [2 * at, 1] as const) }],
    ),
  'deletions out of order': () =>
    hostileUpdate(
      [],
      [
        {
          client: 1,
          ranges: Array.from({ length: 2_000 }, (_, at) => [2 * (2_000 - at), 1] as const),
        },
      ],
    ),
  values: () =>
    one((encoder) => {
      writeItem(encoder, 8);
      encoding.writeVarUint(encoder, 3_000_000);
      for (let left = 3_000_000; left > 0; left--) encoding.writeAny(encoder, {});
    }),
  levels: () =>
    one((encoder) => {
      writeItem(encoder, 8);
      encoding.writeVarUint(encoder, 1);
      for (let left = 100_000; left > 0; left--) {
        encoding.writeUint8(encoder, 117);
        encoding.writeVarUint(encoder, 1);
      }
      encoding.writeAny(encoder, null);
    }),
  'levels of JSON': () =>
    one((encoder) => {
      writeItem(encoder, 5);
      encoding.writeVarString(encoder, '['.repeat(100_000) + ']'.repeat(100_000));
    }),
  documents: () =>
    hostileUpdate([
      {
        client: 1,
        structs: 2_000,
        write: (encoder, index) => {
          writeItem(encoder, 9, { key: `${index}` });
          encoding.writeVarString(encoder, 'guid');
          encoding.writeAny(encoder, {});
        },
      },
    ]),
  'bytes in a key': () => one(character(() => ({ key: 'k'.repeat(5_000) }))),
  'bytes in the name of a root type': () => one(character(() => ({ root: 'r'.repeat(5_000) }))),
  'bytes in the name of a format': () =>
    one((encoder) => {
      writeItem(encoder, 6);
      encoding.writeVarString(encoder, 'f'.repeat(5_000));
      encoding.writeVarString(encoder, 'true');
    }),
  'bytes in the name of an element': () =>
    one((encoder) => {
      writeItem(encoder, 7);
      encoding.writeVarUint(encoder, 3);
      encoding.writeVarString(encoder, 'e'.repeat(5_000));
    }),
};

/** Updates within those bounds that make too much of the board. */
export const hostileToBoards: Readonly<Record<string, () => Uint8Array>> = {
  'levels of types': () => hostileUpdate([{ client: 1, structs: 600, write: nestedMap }]),
  'root types': () =>
    hostileUpdate([
      { client: 1, structs: 600, write: character((index) => ({ root: `${index}` })) },
    ]),
};

function one(write: WriteStruct): Uint8Array {
  return hostileUpdate([{ client: 1, structs: 1, write }]);
}
