// The packages that are published, each after those it depends on.

import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

export const folders = ['model', 'persistence', 'server', 'client-sdk'];
