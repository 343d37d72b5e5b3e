import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { startTestRedis, test } from '@larder/testing';
import { describe, expect, onTestFinished } from 'vitest';
import { startOldPostgres } from '../../fixtures/old-postgres.ts';
import { copyShop, jsonOf, larder, runCli, type CliOptions, type CliResult } from '../../fixtures/run-cli.ts';

const LOG = /Its log: (?:'[^']+|\S+)(?:inference|worker)\.log/;

/** Everything that a person sees: no line of JSON, no stack, and not more than a screen. */
function screenOf({ stdout, stderr }: CliResult): string {
  const shown = stderr + stdout.replaceAll(/^\{"level":[^\n]*\n/gm, '');
  expect(shown).not.toMatch(/^\s*\{|^ {4}at /m);
  expect(shown.split('\n').length).toBeLessThan(24);
  return shown;
}

async function takenPort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

describe.each(['serve', 'worker', 'up'])('larder %s does not start, and says why and what to do:', (verb) => {
  const start = async (options: Partial<CliOptions>, ...args: string[]) => {
    const result = await runCli([verb, ...args], { cwd: copyShop(), ...options });
    return { code: result.code, screen: screenOf(result) };
  };

  test('PostgreSQL is too old', async ({ database, redis }) => {
    const env = { LARDER_DATABASE_URL: await startOldPostgres(database.url), LARDER_REDIS_URL: redis.url };
    const { code, screen } = await start({ env });
    expect(code).toBe(1);
    expect(screen).toMatch(
      /PostgreSQL 14\.\S* is too old; Larder requires 16 or newer\. Point LARDER_DATABASE_URL/,
    );
  });

  test('PostgreSQL refuses the login', async ({ database, redis }) => {
    const LARDER_DATABASE_URL = database.url.replace('postgres@', 'stranger:s3cret@');
    const { code, screen } = await start({ env: { LARDER_DATABASE_URL, LARDER_REDIS_URL: redis.url } });
    expect(code).toBe(1);
    expect(screen).toContain(
      'PostgreSQL refuses the user or the password in LARDER_DATABASE_URL. Correct them',
    );
    expect(screen).not.toContain('s3cret');
  });

  test('Redis evicts', async ({ database }) => {
    const redis = await startTestRedis({ 'maxmemory-policy': 'allkeys-lru' });
    const env = { LARDER_DATABASE_URL: database.url, LARDER_REDIS_URL: redis.url };
    const { code, screen } = await start({ env });
    await redis.stop();
    expect(code).toBe(1);
    expect(screen).toMatch(
      /Redis would evict[^\n]*allkeys-lru[^\n]*Run: redis-cli -s (?:'[^']+'|\S+) CONFIG SET maxmemory-policy noeviction/,
    );
    if (verb === 'up') expect(screen).toMatch(LOG);
  });

  test('the definitions do not load', async ({ database, redis }) => {
    const cwd = copyShop();
    const config = join(cwd, 'larder.config.ts');
    writeFileSync(
      config,
      readFileSync(config, 'utf8').replace('export default', 'nonsense;\nexport default'),
    );
    const env = { LARDER_DATABASE_URL: database.url, LARDER_REDIS_URL: redis.url };
    const { code, screen } = await start({ cwd, env });
    expect(code).toBe(1);
    expect(screen).toMatch(/PROJECT_NOT_LOADABLE[^]*nonsense is not defined \(larder\.config\.ts:\d+/);
  });

  test('a setting is unknown', async () => {
    const { code, screen } = await start({ env: { LARDER_PROT: '1' } });
    expect(code).toBe(2);
    expect(screen).toContain('LARDER_PROT is not a setting; known are');
  });
});

test('larder up refuses a model that is not a network', async ({ database, redis }) => {
  const cwd = copyShop();
  writeFileSync(join(cwd, 'models/ad_ctr/model.onnx'), randomBytes(2_000));
  const env = { LARDER_DATABASE_URL: database.url, LARDER_REDIS_URL: redis.url };
  const result = await runCli(['up', '--apply', '--port', '0'], { cwd, env });
  expect(screenOf(result)).toMatch(/ARTIFACT_INVALID[^]*models\/ad_ctr/);
  expect(result.code).toBe(1);
});

describe.each(['serve', 'worker'])('larder %s', (verb) => {
  test('needs stores, and never starts its own', async () => {
    const project = join(copyShop(), 'larder.config.ts');
    const result = await larder([verb, '--json'], { LARDER_PROJECT: project, LARDER_REDIS_URL: 'redis://h' });
    expect(result.code).toBe(2);
    expect(jsonOf(result)).toMatchObject({
      code: 'CONFIGURATION_INVALID',
      detail: expect.stringMatching(/LARDER_DATABASE_URL is not set\. Set them, .*\.env .*larder up$/),
    });
  });

  test('takes no other port than the one it was given', async ({ database, redis }) => {
    const port = await takenPort();
    const env = { LARDER_DATABASE_URL: database.url, LARDER_REDIS_URL: redis.url };
    const result = await larder([verb, '--json', '--port', String(port)], {
      ...env,
      LARDER_PROJECT: join(copyShop(), 'larder.config.ts'),
    });
    expect(result.code).toBe(2);
    expect(jsonOf(result)['detail']).toMatch(
      new RegExp(`^Port ${port} of 127.0.0.1 is in use\\. .*larder ${verb} --port \\d+$`),
    );
  });
});
