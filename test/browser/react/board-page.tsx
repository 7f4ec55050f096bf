import type { Client } from '@tessera/client';
import { BoardProvider, TesseraProvider } from '@tessera/client/react';
import { StrictMode, Suspense } from 'react';
import { Awaited, Fallback, Parts } from './parts.tsx';

export interface ShowOptions {
  readonly strict?: boolean;
  /** Shows only something that suspends. */
  readonly wait?: 'loaded' | 'synced';
}

/** A page with one board, as an application has it. */
export function BoardPage(props: ShowOptions & { readonly client: Client; readonly id: string }) {
  const { client, id, strict = false, wait } = props;
  const content = (
    <TesseraProvider client={client}>
      <Suspense fallback={<Fallback />}>
        <BoardProvider id={id} keepOpenMs={200}>
          {wait === undefined ? <Parts /> : <Awaited wait={wait} />}
        </BoardProvider>
      </Suspense>
    </TesseraProvider>
  );
  return strict ? <StrictMode>{content}</StrictMode> : content;
}
