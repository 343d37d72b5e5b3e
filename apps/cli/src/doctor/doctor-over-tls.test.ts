import { startTlsPostgres, startTlsRedis } from '@larder/testing';
import { expect, onTestFinished, test } from 'vitest';
import { copyShop, jsonOf, runCli } from '../../fixtures/run-cli.ts';

test('larder doctor tries the stores over TLS, and says what is wrong with their certificates', async () => {
  const [postgres, redis] = await Promise.all([startTlsPostgres(), startTlsRedis()]);
  onTestFinished(async () => {
    await Promise.all([postgres.stop(), redis.stop()]);
  });
  const shop = copyShop();
  const env = {
    LARDER_DATABASE_URL: `postgresql://postgres:pa55word@localhost:${postgres.port}/postgres?sslmode=verify-full&sslrootcert=${postgres.caFile}`,
    LARDER_REDIS_URL: `rediss://default:pa55word@localhost:${redis.port}?sslrootcert=${redis.caFile}`,
  };
  const found = async () => {
    const done = await runCli(['doctor', '--json'], { cwd: shop, env });
    expect(JSON.stringify(done)).not.toContain('pa55word');
    const { checks } = jsonOf(done) as { checks: { check: string; status: string; detail: string }[] };
    const byName = new Map(checks.map((check) => [check.check, check]));
    return [byName.get('database'), byName.get('redis')];
  };
  expect(await found()).toMatchObject([
    { check: 'database', status: 'warn', detail: expect.stringContaining('migrations') },
    { check: 'redis', status: 'ok' },
  ]);
  await Promise.all([postgres.show('other-name'), redis.show('expired')]);
  expect(await found()).toMatchObject([
    { check: 'database', status: 'fail', detail: expect.stringContaining('is for another host') },
    { check: 'redis', status: 'fail', detail: expect.stringContaining('has expired') },
  ]);
});
