import { defineConfig } from 'vite';

// Served by the node at `/examples/dashboard/`; see `npm run build:examples`.
export default defineConfig({
  base: './',
  build: { target: 'es2023', emptyOutDir: true },
});
