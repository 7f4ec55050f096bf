import { fileURLToPath } from 'node:url';
import { build } from 'vite';

/** The page of the React tests as one script, with React's checks for development: StrictMode is one of them. */
export async function bundlePage(react: 'react' | 'react-18'): Promise<string> {
  const modules =
    react === 'react' ? '../../../node_modules/' : '../../../fixtures/react-18/node_modules/';
  const built = await build({
    configFile: false,
    logLevel: 'error',
    mode: 'development',
    root: fileURLToPath(new URL('.', import.meta.url)),
    define: { 'process.env.NODE_ENV': '"development"' },
    resolve: {
      alias: ['react', 'react-dom'].map((name) => ({
        find: new RegExp(`^${name}(?=/|$)`),
        replacement: fileURLToPath(new URL(modules + name, import.meta.url)),
      })),
    },
    build: {
      write: false,
      minify: false,
      target: 'es2023',
      rolldownOptions: {
        input: fileURLToPath(new URL('page.tsx', import.meta.url)),
        output: { format: 'iife' },
      },
    },
  });
  const [output] = Array.isArray(built) ? built : [built];
  const script = output !== undefined && 'output' in output ? output.output[0].code : undefined;
  if (script === undefined) throw new Error('vite built no script of page.tsx');
  return script;
}
