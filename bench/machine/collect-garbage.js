// Preloaded into a server whose memory is measured: on SIGUSR2 it collects its garbage and gives the
// pages back. Plain JavaScript, so that no TypeScript loader takes part in the server's start.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');
process.on('SIGUSR2', () => collect({ type: 'major', execution: 'sync', flavor: 'last-resort' }));
