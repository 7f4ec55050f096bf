import { createIcon } from '@tessera/example-design/icons';
import { type Access, type Snippet, snippetsFor } from './snippets.ts';

interface Parts {
  readonly kinds: HTMLElement;
  readonly snippet: HTMLElement;
  readonly about: HTMLElement;
  readonly copy: HTMLElement;
}

const board = 'demo/hello';

/** The snippets, one at a time, with a token of this node if it gives one. */
export async function showSnippets({ kinds, snippet, about, copy }: Parts): Promise<void> {
  const access = await askForAccess();
  const snippets = snippetsFor(access);
  let shown: Snippet | undefined;
  const tabs = snippets.map((one) => {
    const tab = document.createElement('button');
    tab.type = 'button';
    tab.className = 'tab';
    tab.role = 'tab';
    tab.textContent = one.name;
    tab.setAttribute('aria-controls', snippet.id);
    tab.addEventListener('click', () => show(one));
    return tab;
  });
  const show = (one: Snippet) => {
    shown = one;
    snippet.textContent = one.code;
    about.textContent = `${one.about} ${aboutToken(access)}`;
    for (const tab of tabs) {
      const isShown = tab.textContent === one.name;
      tab.setAttribute('aria-selected', String(isShown));
      tab.tabIndex = isShown ? 0 : -1;
    }
  };
  kinds.append(...tabs);
  kinds.addEventListener('keydown', ({ key }) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[key];
    if (step === undefined) return;
    const at = tabs.findIndex((tab) => tab.ariaSelected === 'true');
    const next = (at + step + tabs.length) % tabs.length;
    tabs[next]?.click();
    tabs[next]?.focus();
  });
  copy.addEventListener('click', () => void copyText(copy, shown?.code ?? ''));
  // It scrolls sideways, with the keyboard too.
  snippet.tabIndex = 0;
  copy.prepend(createIcon('copy'));
  const [first] = snippets;
  if (first !== undefined) show(first);
}

function aboutToken({ token }: Access): string {
  return token === undefined
    ? 'Your backend signs the tokens, as docs/guides/connect-and-tokens.md shows.'
    : 'The token is a guest’s, for one board and one day.';
}

async function askForAccess(): Promise<Access> {
  const { origin } = location;
  const url = `${origin.replace('http', 'ws')}/sync`;
  const none: Access = { origin, url, board, token: undefined };
  try {
    const response = await fetch(`/dev/token?board=${encodeURIComponent(board)}`);
    // In production there are none.
    if (!response.ok) return none;
    const { token } = (await response.json()) as { token: string };
    return { origin, url, board, token };
  } catch (error) {
    // The node went away meanwhile, as the pill says.
    if (error instanceof TypeError) return none;
    throw error;
  }
}

async function copyText(button: HTMLElement, text: string): Promise<void> {
  const said = await navigator.clipboard.writeText(text).then(
    () => 'Copied',
    // Not over plain http from another machine.
    () => 'Select it',
  );
  button.lastChild?.replaceWith(said);
  setTimeout(() => button.lastChild?.replaceWith('Copy'), 1_600);
}
