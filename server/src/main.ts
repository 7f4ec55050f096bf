import { runCli } from './cli/run.ts';

const stopped = Promise.withResolvers<void>();
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  // The second signal ends the process at once, by default handling.
  process.once(signal, () => stopped.resolve());
}

process.exitCode = await runCli(process.argv.slice(2), {
  env: process.env,
  print: (text) => process.stdout.write(`${text}\n`),
  untilStopped: stopped.promise,
});
// A command that has returned is done, whatever a library still holds open.
process.exit();
