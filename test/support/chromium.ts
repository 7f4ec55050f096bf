import { execFileSync } from 'node:child_process';
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
} from 'playwright-core';

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];

/**
 * Starts the Chromium of this machine. It ends when `close()` is called, or when this process is
 * gone, as it is steered through a pipe.
 */
export async function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: executable(), args: FLAGS });
}

/** The same with a profile that stays: what pages stored is there when it is started on the folder again. */
export async function launchChromiumOn(
  profile: string,
  options: BrowserContextOptions = {},
): Promise<BrowserContext> {
  return chromium.launchPersistentContext(profile, {
    ...options,
    executablePath: executable(),
    args: FLAGS,
  });
}

function executable(): string {
  return execFileSync('sh', ['-c', 'command -v chromium'], { encoding: 'utf8' }).trim();
}
