/** Who a token speaks for, as everybody sees them. */
export interface Person {
  readonly id: string;
  readonly name: string;
  readonly color: string;
}

/** A development token of the node, kept in this browser so that its holder stays the same person. */
export class DevelopmentToken {
  readonly #query: URLSearchParams;
  readonly #key: string;
  #token: string | undefined;
  /** It was shown and not accepted yet. */
  #isDoubtful = false;

  /** For the board, in this seat; with a name it is the same guest on all boards. */
  constructor(board: string, seat: string, name: string | undefined) {
    this.#query = new URLSearchParams({ board, ...(name !== undefined && { name }) });
    this.#key = `tessera-dashboard:${seat}:${name ?? ''}:${board}`;
    this.#token = remembered(this.#key);
  }

  get person(): Person | undefined {
    return this.#token === undefined ? undefined : personOf(this.#token);
  }

  /** The token there is, and a new one if that was refused. Throws if the node gives none. */
  async get(): Promise<string> {
    if (this.#token !== undefined && !this.#isDoubtful && !isExpired(this.#token)) {
      this.#isDoubtful = true;
      return this.#token;
    }
    const response = await fetch(`/dev/token?${this.#query}`);
    if (response.status === 404) throw new NoTokensError();
    if (!response.ok) throw new Error(`/dev/token answered ${response.status}`);
    const { token } = (await response.json()) as { token: string };
    this.#token = token;
    remember(this.#key, token);
    return token;
  }

  accepted(): void {
    this.#isDoubtful = false;
  }
}

/** The node is one that hands out no development tokens: it runs in production. */
export class NoTokensError extends Error {
  override name = 'NoTokensError';
  constructor() {
    super('this node hands out no development tokens: in production your backend signs them');
  }
}

interface Claims {
  sub: string;
  exp: number;
  name?: string;
  color?: string;
}

/** What the token says. Nothing is verified here: that is for the server to do. */
function claimsOf(token: string): Claims {
  const [, payload = ''] = token.split('.');
  const bytes = Uint8Array.from(
    atob(payload.replaceAll('-', '+').replaceAll('_', '/')),
    (character) => character.charCodeAt(0),
  );
  return JSON.parse(new TextDecoder().decode(bytes));
}

function personOf(token: string): Person {
  const { sub, name = sub, color = '#4f5bd5' } = claimsOf(token);
  return { id: sub, name, color };
}

function isExpired(token: string): boolean {
  return claimsOf(token).exp * 1000 < Date.now() + 60_000;
}

function remembered(key: string): string | undefined {
  try {
    return localStorage.getItem(key) ?? undefined;
  } catch (error) {
    // Storage is blocked: a new guest each time.
    if (error instanceof DOMException) return undefined;
    throw error;
  }
}

function remember(key: string, token: string): void {
  try {
    localStorage.setItem(key, token);
  } catch (error) {
    // As above.
    if (!(error instanceof DOMException)) throw error;
  }
}
