// Preloaded into a server that is profiled: on SIGUSR2 it begins, and on the next one it writes what it has to
// PROFILE_FILE. Plain JavaScript, so that no TypeScript loader takes part in the server's start.
import { writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';

const INTERVAL_US = 200;

let session;
process.on('SIGUSR2', async () => {
  if (session === undefined) {
    session = new Session();
    session.connect();
    await session.post('Profiler.enable');
    await session.post('Profiler.setSamplingInterval', { interval: INTERVAL_US });
    await session.post('Profiler.start');
  } else {
    const { profile } = await session.post('Profiler.stop');
    writeFileSync(process.env.PROFILE_FILE ?? '', JSON.stringify(profile));
  }
});
