import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from '@larder/testing';
import pg from 'pg';
import { expect, vi } from 'vitest';
import { copyShop, larder, runCli, startCli } from '../../fixtures/run-cli.ts';

test('larder up ends soon when nothing is applied, and says so first', async ({ database, redis }) => {
  const env = { LARDER_DATABASE_URL: database.url, LARDER_REDIS_URL: redis.url };
  const { code, stderr } = await runCli(['up', '--port', '0'], { cwd: copyShop(), env });
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /\(STACK_NOT_STARTED\)\ninference did not start: definitions: Nothing is applied[^\n]*larder apply[^\n]*\nIts log: \S+/,
  );
});

test('larder up names a model that cannot be served once all models are loaded or known to be broken', async ({
  database,
  redis,
}) => {
  const cwd = copyShop();
  const env = { LARDER_DATABASE_URL: database.url, LARDER_REDIS_URL: redis.url };
  const applied = await larder(['apply', '--project', join(cwd, 'larder.config.ts'), '--json'], env);
  expect(applied.code).toBe(0);
  await loseArtifacts(database.url);
  rmSync(join(cwd, '.larder/cache'), { recursive: true, force: true });
  const up = startCli(['up', '--port', '0'], { cwd, env });
  const ended = once(up, 'exit');
  let shown = '';
  for (const stream of [up.stdout, up.stderr])
    stream?.on('data', (text: Buffer) => (shown += text.toString()));
  try {
    await vi.waitFor(() => expect(shown).toContain('Larder is up'), { timeout: 90_000, interval: 100 });
    expect(shown).toMatch(/model ad_ctr: [^\n]*ARTIFACT_NOT_FOUND[^\n]*No version answers[^]*Larder is up/);
  } finally {
    up.kill('SIGTERM');
    await ended;
  }
});

async function loseArtifacts(url: string): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  await client.query('truncate larder.artifacts, larder.object_parts, larder.objects cascade');
  await client.end();
}
