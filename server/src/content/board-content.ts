import type { DecodedUpdate } from '@tessera/model';
import type * as Y from 'yjs';
import { BoardSize, type SizeLimits } from './board-size.ts';
import type { ContentRule, Objection } from './objection.ts';
import { Shadow } from './shadow.ts';
import type { WidgetSchemas } from './widget-schemas.ts';

export interface ContentRulesOptions extends SizeLimits {
  /** Without any, states are not looked at. */
  readonly schemas?: WidgetSchemas | undefined;
  /** An update was refused something for this. */
  refused(rule: ContentRule): void;
}

/** What the boards of a node may hold, whoever writes. */
export class ContentRules {
  readonly options: ContentRulesOptions;

  constructor(options: ContentRulesOptions) {
    this.options = options;
  }

  of(document: Y.Doc): BoardContent {
    return new BoardContent(document, this);
  }
}

/** An update, or what is left of it, before it is applied. */
export interface CandidateUpdate {
  readonly bytes: Uint8Array;
  readonly decoded: DecodedUpdate;
  /** How many keys of the root type `widgets` it sets at most. */
  readonly entries: number;
}

/** The rules, applied to one live board. */
export class BoardContent {
  readonly #rules: ContentRules;
  readonly #size: BoardSize;
  readonly #shadow: Shadow | undefined;
  #hasRefused = false;

  constructor(document: Y.Doc, rules: ContentRules) {
    const { schemas } = rules.options;
    this.#rules = rules;
    this.#size = new BoardSize(document, rules.options);
    this.#shadow = schemas && new Shadow(document, schemas);
  }

  /** Whether a client is to expect refusals: those of a full board once there was one. */
  get mayRefuse(): boolean {
    return this.#shadow !== undefined || this.#hasRefused;
  }

  /**
   * What speaks against an update that the board could take. If nothing does, it is to be applied at
   * once.
   * @throws TesseraError if it cannot be applied
   */
  objectionsTo({ bytes, decoded, entries }: CandidateUpdate): readonly Objection[] {
    const tooLarge = this.#size.objectionsTo(decoded, bytes.byteLength, entries);
    if (tooLarge.length > 0 || this.#shadow === undefined) return tooLarge;
    return this.#shadow.objectionsTo(bytes);
  }

  /** An update was refused something for these. */
  count(rules: Iterable<ContentRule>): void {
    for (const rule of rules) {
      this.#hasRefused = true;
      this.#rules.options.refused(rule);
    }
  }

  close(): void {
    this.#shadow?.close();
  }
}
