import { defineConfig } from 'vite';
import { precache } from './precache.ts';

// Served by a node at `/examples/offline-field-notes/`; see `npm run build:examples`.
export default defineConfig({
  base: './',
  plugins: [precache('src/service-worker.js')],
  build: {
    target: 'es2023',
    emptyOutDir: true,
    rolldownOptions: { input: { index: 'index.html', phones: 'phones.html' } },
  },
});
