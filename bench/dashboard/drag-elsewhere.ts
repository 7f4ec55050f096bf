import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Dragged } from './dragger.ts';

const DRAGGER = fileURLToPath(new URL('dragger.ts', import.meta.url));

/** Another user, in a process of their own, with one widget in their hand. */
export interface Dragger {
  readonly widget: string;
  start(): void;
  stop(): Promise<Dragged>;
  leave(): Promise<void>;
}

export async function joinAsDragger(url: string, token: string, board: string): Promise<Dragger> {
  const child = fork(DRAGGER, [url, token, board]);
  const widget = await answerOf<string>(child);
  return {
    widget,
    start: () => void child.send('start'),
    stop() {
      child.send('stop');
      return answerOf<Dragged>(child);
    },
    async leave() {
      if (child.exitCode !== null) return;
      const exited = once(child, 'exit');
      child.disconnect();
      await exited;
    },
  };
}

async function answerOf<T>(child: ChildProcess): Promise<T> {
  const ended = new AbortController();
  const { signal } = ended;
  try {
    const exited = once(child, 'exit', { signal }).then(() => {
      throw new Error('the process that drags ended');
    });
    const [answer] = await Promise.race([once(child, 'message', { signal }), exited]);
    return answer as T;
  } finally {
    ended.abort();
  }
}
