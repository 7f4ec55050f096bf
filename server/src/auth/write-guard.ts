import {
  accessToWidget,
  canWrite,
  isRestricted,
  type Place,
  type Refused,
  type RejectedMessage,
  type Rights,
} from '@tessera/model';

const MAX_REMEMBERED_WIDGETS = 10_000;
const MAX_NAMED = 5;

/** Which parts of a board the holder of a token may write. */
export class WriteGuard {
  readonly rights: Rights;
  /** `parts`: some of it, so that every update has to be looked into. */
  readonly scope: 'everything' | 'parts' | 'nothing';
  readonly #mayWriteBoard: boolean;
  /** Patterns are matched once for a widget: a drag is sixty edits a second of the same one. */
  #decided: Map<string, boolean> | undefined;

  constructor(rights: Rights) {
    this.rights = rights;
    this.#mayWriteBoard = canWrite(rights.access);
    if (isRestricted(rights)) this.scope = 'parts';
    else this.scope = this.#mayWriteBoard ? 'everything' : 'nothing';
  }

  /** What is no widget, such as the title, belongs to the board itself. */
  mayWrite(place: Place): boolean {
    if (!('widget' in place)) return this.#mayWriteBoard;
    this.#decided ??= new Map();
    const decided = this.#decided.get(place.widget);
    if (decided !== undefined) return decided;
    if (this.#decided.size >= MAX_REMEMBERED_WIDGETS) this.#decided.clear();
    const mayWrite = canWrite(accessToWidget(this.rights, place.widget));
    this.#decided.set(place.widget, mayWrite);
    return mayWrite;
  }
}

/** What the sender of refused edits is told. */
export function rejectionOf({ widgets, roots }: Refused): RejectedMessage {
  const names = [
    ...widgets.map((id) => `widget ${id}`),
    ...roots.map((name) => (name === 'board' ? 'the board itself' : `the root type ${name}`)),
  ];
  const more = names.length - MAX_NAMED;
  const listed = [...names.slice(0, MAX_NAMED), ...(more > 0 ? [`${more} more`] : [])].join(', ');
  return {
    type: 'rejected',
    widgets,
    ...(roots.length > 0 && { roots }),
    reason:
      names.length > 0
        ? `${listed} may be read but not edited with this token`
        : 'the edit belongs to nothing that is on the board',
  };
}
