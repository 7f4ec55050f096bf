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

/** Where `secret` comes from: the setting, or in development the data folder. */
export async function signingSecret(settings: {
  jwtSecret: string | undefined;
  jwtPublicKey: string | undefined;
  dataDir: string;
  production: boolean;
}): Promise<string | undefined> {
  if (settings.jwtSecret !== undefined) return settings.jwtSecret;
  if (settings.production || settings.jwtPublicKey !== undefined) return undefined;
  return developmentSecret(settings.dataDir);
}
