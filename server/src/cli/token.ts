import { parseArgs } from 'node:util';
import { grantsSchema, TesseraError } from '@tessera/model';
import { signingSecret } from '../auth/secret.ts';
import { signToken } from '../auth/token.ts';
import { parseSettings } from '../config.ts';
import type { Command } from './command.ts';

const HELP = `tessera token --board PATTERN [options]

Prints a token signed with TESSERA_JWT_SECRET (or, outside production, the secret in the data folder).

  --board PATTERN   boards it is for, e.g. acme/sales-q3, acme/* or acme/** (may be given several times)
  --access ACCESS   read, write or admin (default write)
  --invisible       others do not see that its holder is there
  --sub ACTOR       who it speaks for (default cli)
  --name NAME       shown to others
  --expires SECONDS (default 3600)
  --id JTI          by which this one token can be revoked
  --data-dir PATH   where the development secret is kept`;

export const token: Command = {
  about: 'make a token',
  help: () => HELP,
  async run(argv, { env, print }) {
    const options = readOptions(argv);
    const boards = options.board ?? [];
    if (boards.length === 0) {
      throw new TesseraError(
        'bad-setting',
        '--board is missing: say which boards the token is for',
      );
    }
    const grants = grantsSchema.safeParse(
      boards.map((board) => ({
        board,
        access: options.access ?? 'write',
        ...(options.invisible && { presence: false }),
      })),
    );
    if (!grants.success) {
      throw new TesseraError('bad-setting', grants.error.issues[0]?.message);
    }
    const expiresInS = Number(options.expires ?? 3600);
    if (!(expiresInS > 0)) throw new TesseraError('bad-setting', '--expires takes seconds');
    const dataDir = options['data-dir'];
    const settings = parseSettings(dataDir === undefined ? [] : ['--data-dir', dataDir], env);
    const secret = await signingSecret(settings);
    if (secret === undefined) {
      throw new TesseraError(
        'bad-setting',
        'TESSERA_JWT_SECRET is not set: there is nothing to sign with',
      );
    }
    const name = options.name === undefined ? {} : { name: options.name };
    const claims = {
      sub: options.sub ?? 'cli',
      ...name,
      grants: grants.data,
      jti: options.id,
      aud: settings.jwtAudience,
      iss: settings.jwtIssuer,
    };
    print(signToken(claims, secret, expiresInS));
    return 0;
  },
};

function readOptions(argv: string[]) {
  try {
    return parseArgs({
      args: argv,
      options: {
        board: { type: 'string', multiple: true },
        access: { type: 'string' },
        invisible: { type: 'boolean' },
        sub: { type: 'string' },
        name: { type: 'string' },
        expires: { type: 'string' },
        id: { type: 'string' },
        'data-dir': { type: 'string' },
      },
    }).values;
  } catch (cause) {
    throw new TesseraError('bad-setting', (cause as Error).message, { cause });
  }
}
