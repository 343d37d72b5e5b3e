import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { test } from '@larder/testing';
import { Client } from 'pg';
import { expect } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');

/** Four processes on a busy machine. */
const START_TIMEOUT_MS = 90_000;
const RUNNING = /Listening|The worker is running/;

interface App {
  readonly child: ChildProcess;
  output(): string;
}

function start(app: 'inference' | 'worker', environment: Readonly<Record<string, string>>): App {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('LARDER_') && !name.startsWith('VITEST'),
  );
  const child = spawn(process.execPath, [`apps/${app}/src/main.ts`], {
    cwd: ROOT,
    env: { ...Object.fromEntries(inherited), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (text: Buffer) => (output += text.toString()));
  return { child, output: () => output };
}

async function stop({ child, output }: App): Promise<void> {
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  const [code] = (await exit) as [number | null];
  expect({ code, output: output() }).toMatchObject({ code: 0 });
}

test('apps that start at once on an empty database migrate it exactly once and all run', async ({
  database,
  redis,
}) => {
  const environment = {
    LARDER_PROJECT: 'packages/materialization/fixtures/larder.config.ts',
    LARDER_DATABASE_URL: database.url,
    LARDER_REDIS_URL: redis.url,
    LARDER_PORT: '0',
    LARDER_WORKER_SLOTS: '1',
  };
  const client = new Client({ connectionString: database.url });
  await client.connect();
  const empty = await client.query(`select 1 from pg_namespace where nspname = 'larder'`);
  expect(empty.rowCount).toBe(0);
  const apps = (['inference', 'worker', 'inference', 'worker'] as const).map((app) =>
    start(app, environment),
  );
  try {
    for (const app of apps)
      await expect
        .poll(() => RUNNING.test(app.output()) || app.output(), { timeout: START_TIMEOUT_MS, interval: 50 })
        .toBe(true);
    for (const app of apps) expect(app.output()).not.toMatch(/could not be migrated|"level":(50|60)/);
    const { rows } = await client.query<{ name: string }>('select name from larder.migrations order by name');
    const names = rows.map(({ name }) => name);
    expect(names.length).toBeGreaterThan(0);
    expect(new Set(names).size).toBe(names.length);
    for (const app of apps) await stop(app);
  } finally {
    for (const { child } of apps) child.kill('SIGKILL');
    await client.end();
  }
});
