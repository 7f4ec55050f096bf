/** What a command has of the world; tests bring their own. */
export interface CommandContext {
  env: Readonly<Record<string, string | undefined>>;
  print(text: string): void;
  /** Resolves when the process is asked to end (SIGTERM, SIGINT). */
  untilStopped: Promise<void>;
}

export interface Command {
  about: string;
  help(): string;
  /** Resolves to the exit code. */
  run(argv: string[], context: CommandContext): Promise<number>;
}
