import { type Logger, pino } from 'pino';

/** A logger of warnings and worse, and the messages it was given. */
export function createTestLog(): { log: Logger; messages: string[] } {
  const messages: string[] = [];
  const write = (line: string) => void messages.push(JSON.parse(line).msg);
  return { log: pino({ level: 'warn' }, { write }), messages };
}
