import { TesseraError } from '@tessera/model';
import type { Command, CommandContext } from './command.ts';
import { migrate } from './migrate.ts';
import { revoke } from './revoke.ts';
import { serve } from './serve.ts';
import { token } from './token.ts';
import { verify } from './verify.ts';

const commands: Readonly<Record<string, Command>> = { serve, token, revoke, migrate, verify };

/** Runs `tessera <command> …`; resolves to the exit code. */
export async function runCli(argv: readonly string[], context: CommandContext): Promise<number> {
  const [name, ...rest] = argv;
  const command = name === undefined ? undefined : commands[name];
  const wantsHelp = rest.includes('--help') || rest.includes('-h');
  if (command === undefined) {
    context.print(usage());
    return name === undefined || name === '--help' || name === '-h' ? 0 : 2;
  }
  if (wantsHelp) {
    context.print(command.help());
    return 0;
  }
  try {
    return await command.run(rest, context);
  } catch (error) {
    if (!(error instanceof TesseraError)) throw error;
    context.print(`tessera ${name}: ${error.message}`);
    return 2;
  }
}

function usage(): string {
  const list = Object.entries(commands).map(([name, { about }]) => `  ${name.padEnd(9)}${about}`);
  return `tessera <command> [options]\n\n${list.join('\n')}\n\nMore: tessera <command> --help`;
}
