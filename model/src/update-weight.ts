import * as Y from 'yjs';
import type { DecodedUpdate } from './update.ts';
import type { Struct } from './update-encode.ts';
import { type Place, UpdatePlaces } from './update-places.ts';
import { widgetsRoot } from './widget.ts';

/** What an update would do to one place of a board, in bytes of the encoded document. */
export interface PlaceWeight {
  readonly place: Place;
  /** At most. */
  brings: number;
  /** At least, by deletions; 0 if they only split what stays. */
  frees: number;
  /** Whether there is anything but deletions. */
  hasNews: boolean;
  /** Keys of the root type `widgets` that would be new. */
  readonly newEntries: Set<string>;
}

/** What an update would do to a board. */
export interface UpdateWeight {
  readonly places: readonly PlaceWeight[];
  /** Of what belongs to no place, as it is garbage; at most. */
  readonly garbage: number;
}

/** What a run of garbage takes in the encoding at most, among what there is and what is deleted. */
const maxGarbageBytes = 40;

/** What one more item in the encoding takes at most when an edit falls into the middle of another. */
export const maxSplitBytes = 40;

/**
 * Weighs an update that is complete and not applied yet, place by place. Takes as long as applying it,
 * and longer for many deletions: for boards that are nearly full.
 */
export function weighUpdate({ structs, ds }: DecodedUpdate, doc: Y.Doc): UpdateWeight {
  const places = new UpdatePlaces({ structs }, doc);
  const entries = doc.getMap(widgetsRoot);
  const weights = new Map<string, PlaceWeight>();
  const at = (place: Place): PlaceWeight => {
    const key = placeKey(place);
    let weight = weights.get(key);
    if (weight === undefined) {
      weight = { place, brings: 0, frees: 0, hasNews: false, newEntries: new Set() };
      weights.set(key, weight);
    }
    return weight;
  };

  let garbage = 0;
  let last: Struct | undefined;
  for (const struct of structs) {
    const { client, clock } = struct.id;
    if (struct instanceof Y.Skip || clock + struct.length <= places.knownUpTo(client)) continue;
    const { whereabouts: place, owner, key } = places.ofNews(struct);
    if (typeof place === 'string' || !(struct instanceof Y.Item)) {
      // Neighbours of one client become one.
      const isMore = last instanceof Y.GC && struct instanceof Y.GC && last.id.client === client;
      if (!isMore) garbage += maxGarbageBytes;
      if (struct instanceof Y.Item) garbage += bytesOf((encoder) => struct.write(encoder, 0));
      last = struct;
      continue;
    }
    last = struct;
    const weight = at(place);
    weight.hasNews = true;
    weight.brings += bytesOf((encoder) => struct.write(encoder, 0)) + 2 * maxSplitBytes;
    if (owner === widgetsRoot && key !== null && !entries.has(key)) weight.newEntries.add(key);
  }
  for (const [client, ranges] of ds.clients) {
    for (const range of ranges) {
      const end = Math.min(range.clock + range.len, places.knownUpTo(client));
      for (let clock = range.clock; clock < end; ) {
        const struct = places.structs.find(client, clock);
        if (struct === undefined) break;
        if (struct instanceof Y.Item && !struct.deleted) {
          const weight = at(places.ofStored(struct));
          const [from, to] = [
            clock - struct.id.clock,
            Math.min(struct.length, end - struct.id.clock),
          ];
          weight.frees += contentBytes(struct, from, to);
          if (from > 0) weight.brings += maxSplitBytes;
          if (to < struct.length) weight.brings += maxSplitBytes;
        }
        clock = struct.id.clock + struct.length;
      }
    }
  }
  return { places: [...weights.values()], garbage };
}

/** The same text for the same place, and another one for any other. */
export function placeKey(place: Place): string {
  return 'widget' in place ? `widget ${place.widget}` : `root ${place.root}`;
}

/** Of a part of an item; at least that much. */
function contentBytes({ content, length }: Y.Item, from: number, to: number): number {
  if (from === 0 && to === length) return bytesOf((encoder) => content.write(encoder, 0));
  return content instanceof Y.ContentString ? to - from : 0;
}

function bytesOf(write: (encoder: Parameters<Struct['write']>[0]) => void): number {
  const encoder = new Y.UpdateEncoderV1();
  write(encoder);
  return encoder.toUint8Array().byteLength;
}
