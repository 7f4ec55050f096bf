#!/usr/bin/env node
// Plain JavaScript, so that the cache is on before the first TypeScript file: with the stripped and
// compiled sources cached, a node starts without the TypeScript loader and takes 18 MiB less.
import { enableCompileCache } from 'node:module';

enableCompileCache();
await import('../src/main.ts');
