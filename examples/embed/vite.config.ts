import { defineConfig } from 'vite';

// Not the page, which needs no build, but the SDK for it: served by a node at `/sdk/`.
export default defineConfig({
  define: { 'process.env.NODE_ENV': '"production"' },
  build: {
    target: 'es2023',
    emptyOutDir: true,
    rolldownOptions: {
      input: { client: '@tessera/client', offline: '@tessera/client/offline' },
      preserveEntrySignatures: 'strict',
      output: {
        format: 'es',
        minify: true,
        entryFileNames: '[name].js',
        chunkFileNames: 'assets/[name]-[hash].js',
      },
    },
  },
});
