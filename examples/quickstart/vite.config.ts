import { defineConfig } from 'vite';

// Served by the node at `/`; see `npm run build:quickstart`.
export default defineConfig({
  base: './',
  build: { target: 'es2023', emptyOutDir: true },
});
