import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { test } from '../../apps/cli/fixtures/served-shop.ts';
import { readConfig } from '../../apps/inference/src/config.ts';

const guide = readFileSync(resolve(import.meta.dirname, '../../docs/guides/lock-the-door.md'), 'utf8');
const blocks = [...guide.matchAll(/^```\n([^]*?)^```$/gm)].map(([, block = '']) => block.trimEnd());
const run = promisify(execFile);

test('the steps of the guide in their order', async ({ served, database, redis }) => {
  expect((await served.direct('backfill', 'ad_stats')).code).toBe(0);
  const { url } = await served.locked();
  const keys: Record<string, string> = {};
  const ids: Record<string, string> = {};
  const statusOf = async (path: string, key?: string) =>
    (await fetch(`${url}${path}`, { headers: key === undefined ? {} : { authorization: `Bearer ${key}` } }))
      .status;
  /** The request of the guide, with the model's own inputs. */
  const predict = async (command: string, key: string): Promise<number> => {
    const line = command.replace('https://larder.example.com', url).replace('"placement": "feed", ', '');
    const { stdout } = await run('bash', ['-c', `${line} -s -o /dev/null -w '%{http_code}'`], {
      env: { PATH: process.env['PATH'], LARDER_API_KEY: key },
    });
    return Number(stdout);
  };
  const settings = blocks.find((block) => block.startsWith('LARDER_AUTH')) ?? '';
  const call = blocks.find((block) => block.startsWith('curl')) ?? '';
  const done: string[] = [];

  for (const line of blocks
    .flatMap((block) => block.split('\n'))
    .filter((each) => each.startsWith('larder '))) {
    const [, verb = '', ...args] = line.replace('k3Fq9ZtA0b', ids['shop-backend'] ?? '').split(' ');
    const { code, stdout, stderr } = await served.direct(verb, ...args);
    expect({ line, code, stderr }).toEqual({ line, code: 0, stderr });
    const [action = '', which = ''] = args;
    done.push(action);
    if (action === 'create') {
      keys[which] = stdout.trim();
      ids[which] = /Its id is (\w+)/.exec(stderr)?.[1] ?? '';
    }
    if (action === 'rotate') {
      expect(await predict(call, stdout.trim())).toBe(200);
      expect(await predict(call, keys['shop-backend'] ?? '')).toBe(200);
    }
    if (action === 'revoke')
      await expect.poll(() => predict(call, keys['shop-backend'] ?? ''), { timeout: 60_000 }).toBe(401);
    if (which === 'prometheus') {
      expect(await statusOf('/metrics')).toBe(401);
      expect(await statusOf('/metrics', keys['prometheus'])).toBe(200);
      expect(await statusOf('/health/ready')).toBe(200);
      expect(await predict(call, keys['shop-backend'] ?? '')).toBe(200);
      expect(await predict(call, keys['clicks'] ?? '')).toBe(403);
      expect(await statusOf('/v1/api-keys', keys['ada'])).toBe(200);
    }
  }
  expect(done).toEqual(['create', 'create', 'create', 'create', 'rotate', 'revoke']);
  expect(guide).toContain('`larder audit --key-id k3Fq9ZtA0b`');
  expect(await served.direct('audit', '--key-id', ids['shop-backend'] ?? '')).toMatchObject({ code: 0 });

  const stores = {
    LARDER_PROJECT: served.folder,
    LARDER_DATABASE_URL: database.url,
    LARDER_REDIS_URL: redis.url,
  };
  const set = Object.fromEntries(settings.split('\n').map((line) => line.split('=') as [string, string]));
  expect(readConfig({ ...stores, ...set })).toBeDefined();
  expect(() => readConfig({ ...stores, ...set, LARDER_AUTH: 'off' })).toThrow('LARDER_AUTH');
});
