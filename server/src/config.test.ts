import { describe, expect, it } from 'vitest';
import { parseSettings, settingsHelp } from './config.ts';

describe('parseSettings', () => {
  it('takes the addresses of a Redis Cluster, separated by commas', () => {
    const settings = parseSettings([], {
      DATABASE_URL: 'postgres://localhost/tessera',
      REDIS_URL: 'redis://a:1, redis://b:2',
    });
    expect(settings.redisUrls).toEqual(['redis://a:1', 'redis://b:2']);
  });

  it('takes flags before the environment before defaults', () => {
    const settings = parseSettings(['--port', '9000'], { PORT: '9001', HOST: '127.0.0.2' });
    expect(settings).toMatchObject({ port: 9000, host: '127.0.0.2', dataDir: '.tessera' });
    expect(Object.isFrozen(settings)).toBe(true);
  });

  it('treats an empty variable as unset', () => {
    expect(parseSettings([], { DATABASE_URL: '', PORT: '' })).toMatchObject({
      databaseUrl: undefined,
      port: 8787,
    });
  });

  it.each([
    [['--prot', '1'], {}, /Unknown option '--prot'/],
    [['--port', 'http'], {}, /PORT: /],
    [[], { PORT: '70000' }, /PORT: /],
    [[], { DATABASE_URL: 'mysql://x' }, /DATABASE_URL: /],
    [[], { TESSERA_JWT_SECRET: 'short' }, /TESSERA_JWT_SECRET: /],
    [[], { TESSERA_JWT_PUBLIC_KEY: 'key' }, /TESSERA_JWT_PUBLIC_KEY: /],
    [[], { TESSERA_MAX_FRAME_BYTES: '1' }, /TESSERA_MAX_FRAME_BYTES: /],
    [[], { REDIS_URL: 'redis://localhost' }, /REDIS_URL: needs DATABASE_URL/],
    [[], { REDIS_URL: 'redis://a,http://b' }, /REDIS_URL: /],
    [[], { TESSERA_JWKS_URL: 'file:///keys.json' }, /TESSERA_JWKS_URL: /],
    [[], { TESSERA_JWT_LEEWAY_S: '-1' }, /TESSERA_JWT_LEEWAY_S: /],
    [[], { TESSERA_JWT_MAX_LIFETIME_S: '1' }, /TESSERA_JWT_MAX_LIFETIME_S: /],
    [[], { TESSERA_ALLOWED_ORIGINS: 'https://a.example/path' }, /TESSERA_ALLOWED_ORIGINS: /],
    [[], { TESSERA_ALLOWED_ORIGINS: 'https://a.example,null' }, /TESSERA_ALLOWED_ORIGINS: /],
    [[], { TESSERA_TRUST_PROXY: 'yes' }, /TESSERA_TRUST_PROXY: /],
    [[], { LOG_LEVEL: 'loud' }, /LOG_LEVEL: /],
    [['serve'], {}, /Unexpected argument/],
  ])('refuses %j %j with an error that names it', (argv, env, problem) => {
    expect(() => parseSettings(argv, env)).toThrow(problem);
  });

  it('names everything that production needs and is missing', () => {
    const problems =
      /DATABASE_URL: missing.*TESSERA_JWT_SECRET, TESSERA_JWT_PUBLIC_KEY or TESSERA_JWKS_URL: missing/;
    expect(() => parseSettings([], { NODE_ENV: 'production' })).toThrow(problems);
    expect(
      parseSettings([], {
        NODE_ENV: 'production',
        DATABASE_URL: 'postgres://db/tessera',
        TESSERA_JWT_SECRET: 'x'.repeat(32),
      }),
    ).toMatchObject({ production: true, logLevel: 'info' });
  });

  it('keeps line breaks of a key that came in one line', () => {
    const pem = '-----BEGIN PUBLIC KEY-----\\nabc\\n-----END PUBLIC KEY-----';
    expect(parseSettings([], { TESSERA_JWT_PUBLIC_KEY: pem }).jwtPublicKey).toBe(
      pem.replaceAll('\\n', '\n'),
    );
  });
});

describe('settingsHelp', () => {
  it('lists every setting with its default', () => {
    expect(settingsHelp()).toContain('--port, PORT\n      port; 0: any free one (default 8787)');
    expect(settingsHelp()).toContain('--database-url, DATABASE_URL');
  });
});
