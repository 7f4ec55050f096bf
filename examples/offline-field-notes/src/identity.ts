/** Who a token speaks for, as everybody sees them. */
export interface Person {
  readonly id: string;
  readonly name: string;
  readonly color: string;
}

interface Claims {
  readonly sub: string;
  readonly exp: number;
  readonly name?: string;
  readonly color?: string;
}

/**
 * The user of this device, known by the token that was used last. It is kept, so that the page knows
 * without a network who writes, and so that a connection can be made while only the tokens' server is
 * away. Put the address of your backend in the place of `/dev/token`, which is for development.
 */
export class Identity {
  readonly #key: string;
  readonly #board: string;
  readonly #wantedName: string | undefined;
  #kept: string | undefined;

  constructor(board: string, device: string, wantedName: string | undefined) {
    this.#board = board;
    this.#key = `field-notes:${device}:${board}`;
    this.#kept = remembered(this.#key);
    this.#wantedName = wantedName ?? this.person?.name;
  }

  /** Undefined until the first token. */
  get person(): Person | undefined {
    if (this.#kept === undefined) return undefined;
    const { sub, name = sub, color = '#0c7a6d' } = claimsOf(this.#kept);
    return { id: sub, name, color };
  }

  /** Until when the token that is kept is good, in milliseconds since 1970. */
  get expiresAt(): number {
    return this.#kept === undefined ? 0 : claimsOf(this.#kept).exp * 1000;
  }

  /** A fresh token for each connection; the one that is kept if there is no answer and it is still good. */
  readonly token = async (): Promise<string> => {
    try {
      return await this.#fetch();
    } catch (error) {
      // A TypeError is fetch's way to say that there was no answer.
      if (!(error instanceof TypeError) || this.#kept === undefined) throw error;
      if (this.expiresAt < Date.now()) throw error;
      return this.#kept;
    }
  };

  async #fetch(): Promise<string> {
    const asked = new URLSearchParams({ board: this.#board });
    if (this.#wantedName !== undefined) asked.set('name', this.#wantedName);
    const response = await fetch(`/dev/token?${asked}`);
    if (!response.ok) {
      throw new Error(
        response.status === 404
          ? 'This server hands out no development tokens. In production your backend signs them: see src/identity.ts.'
          : `The server gave no token: it answered ${response.status}.`,
      );
    }
    const { token } = (await response.json()) as { token: string };
    this.#kept = token;
    remember(this.#key, token);
    return token;
  }
}

/** What the token says. Nothing is verified here: that is for the server to do. */
function claimsOf(token: string): Claims {
  const [, payload = ''] = token.split('.');
  const base64 = payload.replaceAll('-', '+').replaceAll('_', '/');
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  return JSON.parse(new TextDecoder().decode(bytes)) as Claims;
}

function remembered(key: string): string | undefined {
  try {
    return localStorage.getItem(key) ?? undefined;
  } catch (error) {
    // Storage is blocked: somebody new each time.
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
