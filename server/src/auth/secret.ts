import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The HS256 secret kept in the data folder; made at the first start. For development only. */
async function developmentSecret(dataDir: string): Promise<string> {
  const path = join(dataDir, 'jwt-secret');
  await mkdir(dataDir, { recursive: true });
  try {
    await writeFile(path, randomBytes(32).toString('hex'), { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return (await readFile(path, 'utf8')).trim();
}

interface SecretSettings {
  jwtSecret: string | undefined;
  jwtPublicKey: string | undefined;
  jwksUrl: string | undefined;
  dataDir: string;
  production: boolean;
}

/** Where `secret` comes from: the setting, or in development, when there is no key at all, the data folder. */
export async function signingSecret(settings: SecretSettings): Promise<string | undefined> {
  if (!canSign(settings)) return undefined;
  return settings.jwtSecret ?? developmentSecret(settings.dataDir);
}

/** Whether there is a secret to sign tokens with, and not only keys to check them. */
export function canSign({
  jwtSecret,
  jwtPublicKey,
  jwksUrl,
  production,
}: Omit<SecretSettings, 'dataDir'>): boolean {
  if (jwtSecret !== undefined) return true;
  return !production && jwtPublicKey === undefined && jwksUrl === undefined;
}
