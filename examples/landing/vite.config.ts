import { defineConfig } from 'vite';

// Served by a node at `/`; see `npm run build:examples`.
export default defineConfig({
  base: './',
  build: { target: 'es2023', emptyOutDir: true },
});
