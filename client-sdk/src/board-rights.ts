import { accessToWidget, canWrite, type Rights } from '@tessera/model';

/** What the token allows on a board, as far as the server has said. */
export class BoardRights {
  #rights: Rights | undefined;

  /** Without `access`, the server did not say. */
  set({ access, widgets }: Partial<Rights>): void {
    this.#rights = access && { access, ...(widgets && { widgets }) };
  }

  /** Whether this widget may be edited or, without one, the board itself. */
  canEdit(widget?: string): boolean {
    const rights = this.#rights;
    if (rights === undefined) return true;
    return canWrite(widget === undefined ? rights.access : accessToWidget(rights, widget));
  }

  /** Whether there may be a widget that may not be edited. */
  get areLimited(): boolean {
    return !this.canEdit() || this.#rights?.widgets !== undefined;
  }
}
