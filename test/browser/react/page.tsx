import { type Board, type Client, createClient } from '@tessera/client';
import { version } from 'react';
import { createRoot, hydrateRoot, type Root } from 'react-dom/client';
import { BoardPage, type ShowOptions } from './board-page.tsx';
import { renders, texts } from './parts.tsx';

/** What the test steers the page with. */
export interface ReactPage {
  /** Of React. */
  readonly version: string;
  /** What React recovered from. */
  readonly errors: string[];
  /** What was shown by components that suspend, in order. */
  readonly texts: string[];
  connect(url: string, token: string): void;
  board(id: string): Board;
  show(id: string, options?: ShowOptions): void;
  hydrate(id: string): void;
  unmount(): void;
  /** Mounts and unmounts in StrictMode. Returns how many boards that made. */
  flicker(id: string, times: number): Promise<number>;
  /** What was rendered since the last call, and how often. */
  renders(): Record<string, number>;
}

let client: Client | undefined;
let root: Root | undefined;
const errors: string[] = [];

function container(): HTMLElement {
  const element = document.querySelector<HTMLElement>('#root');
  if (element === null) throw new Error('the page has no element #root');
  return element;
}

function connected(): Client {
  if (client === undefined) throw new Error('the page was not connected');
  return client;
}

const steps: ReactPage = {
  version,
  errors,
  texts,
  connect(url, token) {
    client = createClient({ url, token });
  },
  board: (id) => connected().board(id),
  show(id, options) {
    root ??= createRoot(container());
    root.render(<BoardPage client={connected()} id={id} {...options} />);
  },
  hydrate(id) {
    root = hydrateRoot(container(), <BoardPage client={connected()} id={id} />, {
      onRecoverableError: (error) => errors.push(String(error)),
    });
  },
  unmount() {
    root?.unmount();
    root = undefined;
  },
  async flicker(id, times) {
    const boards = new Set<Board>();
    for (let time = 0; time < times; time += 1) {
      steps.show(id, { strict: true });
      await mounted();
      boards.add(connected().board(id));
      steps.unmount();
    }
    return boards.size;
  },
  renders() {
    const counted = { ...renders };
    for (const part of Object.keys(renders)) delete renders[part];
    return counted;
  },
};

/** Resolves when something is shown and effects have run. */
async function mounted(): Promise<void> {
  while (container().childElementCount === 0) await turn();
  await turn();
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve);
  });
}

declare global {
  var reactPage: ReactPage;
}
globalThis.reactPage = steps;
