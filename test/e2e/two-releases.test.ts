import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test as base, type TestDatabase, type TestRedis } from '@larder/testing';
import { afterEach, beforeAll, expect, inject, vi } from 'vitest';
import { installPreviousRelease, type PreviousRelease } from './previous-release.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const MODEL = 'appeal';

let previous: PreviousRelease;
beforeAll(() => {
  previous = installPreviousRelease();
});

interface Running {
  readonly child: ChildProcess;
  readonly url: string;
  output(): string;
}

const running: Running[] = [];
afterEach(() => {
  for (const { child } of running.splice(0)) child.kill('SIGKILL');
});

/** The same project in one of the two releases, on the same stores. */
interface Side {
  readonly folder: string;
  larder(...args: readonly string[]): Record<string, unknown>;
  start(app: 'inference' | 'worker'): Promise<Running>;
}

function sideOf(release: 'old' | 'new', env: Readonly<Record<string, string>>): Side {
  const folder = join(inject('testFolder'), `${release}-${randomBytes(4).toString('hex')}`);
  cpSync(previous.starter, folder, { recursive: true });
  const script = (app: 'inference' | 'worker' | 'cli') =>
    release === 'old' ? previous.script(app) : join(ROOT, 'apps', app, 'src/main.ts');
  if (release === 'old') {
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(previous.folder, join(folder, 'node_modules/larderjs'));
  }
  const inherited = Object.entries(process.env).filter(([name]) => !/^(LARDER_|VITEST)/.test(name));
  const environment = {
    ...Object.fromEntries(inherited),
    ...env,
    LARDER_PROJECT: join(folder, 'larder.config.ts'),
  };
  return {
    folder,
    larder(...args) {
      const done = spawnSync(process.execPath, [script('cli'), ...args, '--json'], {
        cwd: folder,
        env: environment,
        encoding: 'utf8',
      });
      if (done.status !== 0)
        throw new Error(
          `${release} larder ${args.join(' ')} ended with ${done.status}:\n${done.stdout}${done.stderr}`,
        );
      return JSON.parse(done.stdout) as Record<string, unknown>;
    },
    async start(app) {
      const child = spawn(process.execPath, [script(app)], {
        cwd: folder,
        env: { ...environment, LARDER_PORT: '0', LARDER_WORKER_METRICS_PORT: '0', LARDER_WORKER_SLOTS: '1' },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let output = '';
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (text: Buffer) => (output += text.toString()));
      const started: Running = {
        child,
        output: () => output,
        get url() {
          const [, url, port] = /"url":"([^"]+)"|"metricsPort":(\d+)/.exec(output) ?? [];
          return url ?? `http://127.0.0.1:${port}`;
        },
      };
      running.push(started);
      await vi.waitFor(
        async () => {
          if (child.exitCode !== null) throw new Error(`The ${release} ${app} ended:\n${output}`);
          const ready = await fetch(`${started.url}/health/ready`);
          if (!ready.ok)
            throw new Error(`The ${release} ${app} is not ready: ${await ready.text()}\n${output}`);
        },
        { timeout: 60_000, interval: 100 },
      );
      return started;
    },
  };
}

function edit(path: string, from: string, to: string): void {
  const text = readFileSync(path, 'utf8');
  expect(text).toContain(from);
  writeFileSync(path, text.replaceAll(from, to));
}

async function predict({ url }: Running): Promise<{ readonly version: number; readonly score: number }> {
  const answer = await fetch(`${url}/v1/models/${MODEL}/predict`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      entities: { picture_id: 'blue.png' },
      request: { width: 300, height: 400 },
      options: { deadline_ms: 10_000 },
    }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${url} answers ${answer.status}: ${text}`);
  const { version, outputs, degraded } = JSON.parse(text) as {
    readonly version: number;
    readonly outputs: { readonly score: number };
    readonly degraded: boolean;
  };
  expect(degraded).toBe(false);
  return { version, score: outputs.score };
}

/** Computes every picture again and waits for the run. */
function backfill(side: Side, view = 'picture_light'): void {
  expect(side.larder('backfill', view, '--all', '--force')).toMatchObject({
    status: 'succeeded',
    rows: { total: 3, done: 3, failed: 0 },
  });
}

async function stop({ child }: Running): Promise<void> {
  child.kill('SIGTERM');
  if (child.exitCode === null) await once(child, 'exit');
  expect(child.exitCode).toBe(0);
}

const storesOf = (database: TestDatabase, redis: TestRedis) => ({
  LARDER_DATABASE_URL: database.url,
  LARDER_REDIS_URL: redis.url,
});

base('the previous release and this one run side by side on the same stores', async ({ database, redis }) => {
  const old = sideOf('old', storesOf(database, redis));
  const now = sideOf('new', storesOf(database, redis));

  // The previous release alone.
  expect(old.larder('apply')).toMatchObject({ model_versions: { [MODEL]: 1 } });
  const [oldInference, oldWorker] = await Promise.all([old.start('inference'), old.start('worker')]);
  backfill(old);
  const answer = await predict(oldInference);
  expect(answer.version).toBe(1);

  // This one migrates under it, and finds nothing to change in the same definitions.
  expect(now.larder('apply')).toMatchObject({ changes: [] });
  expect(await predict(oldInference)).toEqual(answer);
  backfill(now);
  const [inference, worker] = await Promise.all([now.start('inference'), now.start('worker')]);
  for (const each of [oldInference, inference]) expect(await predict(each)).toEqual(answer);

  // Each worker alone computes what was applied by the other release.
  await stop(oldWorker);
  backfill(old);
  await stop(worker);
  const laterWorker = await old.start('worker');
  backfill(now);

  // The previous release starts on what this one has migrated.
  await stop(oldInference);
  const laterInference = await old.start('inference');
  for (const each of [laterInference, inference]) expect(await predict(each)).toEqual(answer);
  expect(old.larder('apply')).toMatchObject({ changes: [] });

  // A change that this release applies: the old processes keep to what they know.
  await now.start('worker');
  edit(join(now.folder, 'larder.config.ts'), "ttl: 'forever'", "ttl: '30d'");
  expect(now.larder('apply')).toMatchObject({ changes: [expect.anything()] });
  for (const each of [laterInference, inference]) expect(await predict(each)).toEqual(answer);
  backfill(now);
  for (const each of [laterInference, inference]) expect(await predict(each)).toEqual(answer);

  // Changed code comes with the model version: both serve it, whatever they were started with.
  edit(join(now.folder, 'larder.config.ts'), 'Math.abs(Math.log(', '2 * Math.abs(Math.log(');
  expect(now.larder('apply', '--same-meaning', '--yes')).toMatchObject({ model_versions: { [MODEL]: 2 } });
  const changed = await vi.waitFor(
    async () => {
      const answers = await Promise.all([predict(inference), predict(laterInference)]);
      expect(answers.map(({ version }) => version)).toEqual([2, 2]);
      return answers;
    },
    { timeout: 60_000, interval: 200 },
  );
  expect(changed[0]).toEqual(changed[1]);
  expect(changed[0]).not.toMatchObject({ score: answer.score });
  for (const each of [laterWorker, laterInference, inference]) await stop(each);
});
