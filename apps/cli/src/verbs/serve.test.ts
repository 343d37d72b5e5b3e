import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from '@larder/testing';
import { expect, onTestFinished, vi } from 'vitest';
import { copyShop, jsonOf, larder, startCli } from '../../fixtures/run-cli.ts';

interface Alone {
  readonly child: ChildProcess;
  readonly url: string;
  /** Its log and remarks. */
  output(): string;
  ended(): Promise<unknown>;
}

/** Starts a process in the foreground and waits for its port. */
async function startAlone(verb: string, cwd: string, env: Readonly<Record<string, string>>): Promise<Alone> {
  const child = startCli([verb], { cwd, env });
  onTestFinished(() => void child.kill('SIGKILL'));
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (text: Buffer) => (output += text.toString()));
  const url = await vi.waitFor(
    () => {
      if (child.exitCode !== null) throw new Error(`It ended:\n${output}`);
      const running = verb === 'serve' ? /"url":"([^"]+)"/ : /"metricsPort":(\d+)[^\n]*The worker is running/;
      const [, found] = running.exec(output) ?? [];
      if (found === undefined) throw new Error(`It does not run yet:\n${output}`);
      return verb === 'serve' ? found : `http://127.0.0.1:${found}`;
    },
    { timeout: 60_000, interval: 50 },
  );
  return { child, url, output: () => output, ended: () => once(child, 'exit') };
}

test('two of each run side by side on configured stores, apply nothing, and end in order', async ({
  database,
  redis,
}) => {
  const cwd = copyShop();
  const env = { LARDER_DATABASE_URL: database.url, LARDER_REDIS_URL: redis.url };
  const project = { ...env, LARDER_PROJECT: join(cwd, 'larder.config.ts') };
  const early = await startAlone('serve', cwd, env);
  expect(jsonOf(await larder(['plan', '--json'], project))).toMatchObject({ applied_id: null });
  expect((await larder(['apply'], project)).code).toBe(0);

  const others = await Promise.all(['serve', 'worker', 'worker'].map((verb) => startAlone(verb, cwd, env)));
  const all = [early, ...others];
  expect(new Set(all.map(({ url }) => url)).size).toBe(4);
  await vi.waitFor(
    async () => {
      for (const { url } of all) expect((await fetch(`${url}/health/ready`)).status).toBe(200);
    },
    { timeout: 60_000, interval: 100 },
  );
  const { processes } = jsonOf(await larder(['ps', '--json'], project)) as { processes: { pid: number }[] };
  // The command line became the app: the id that was started is the one that runs.
  expect(new Set(processes.map(({ pid }) => pid))).toEqual(new Set(all.map(({ child }) => child.pid)));

  for (const { child } of all) child.kill('SIGTERM');
  for (const { child, output } of all) {
    if (child.exitCode === null) await once(child, 'exit');
    expect([child.exitCode, output()]).toEqual([0, expect.stringContaining('is stopping')]);
  }
  expect(jsonOf(await larder(['ps', '--json'], project))).toMatchObject({ processes: [] });
});

test('an old machine that starts serves what the registry says, applies nothing and disturbs nobody', async ({
  database,
  redis,
}) => {
  const env = { LARDER_DATABASE_URL: database.url, LARDER_REDIS_URL: redis.url };
  const [old, current] = [copyShop(), copyShop()];
  const config = join(current, 'larder.config.ts');
  const apply = (folder: string, ...args: string[]) =>
    larder(['apply', '--json', ...args], { ...env, LARDER_PROJECT: join(folder, 'larder.config.ts') });
  expect((await apply(old)).code).toBe(0);
  writeFileSync(config, readFileSync(config, 'utf8').replace('Math.log(bid)', '3 * Math.log(bid)'));
  const applied = jsonOf(await apply(current, '--same-meaning', '--yes'));
  expect(applied).toMatchObject({ model_versions: { ad_ctr: 2 } });

  const predict = async ({ url }: Alone) => {
    const answer = await fetch(`${url}/v1/models/ad_ctr/predict`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        entities: { ad_id: 'ad-1' },
        request: { requested_at: '2026-11-20T09:30:00Z', bid: 5 },
      }),
    });
    const { version, outputs } = (await answer.json()) as { version: number; outputs: { ctr: number } };
    return { status: answer.status, version, ctr: outputs?.ctr };
  };
  const serving = await startAlone('serve', current, env);
  const expected = await vi.waitFor(
    async () => {
      const answer = await predict(serving);
      expect(answer).toMatchObject({ status: 200, version: 2 });
      return answer;
    },
    { timeout: 60_000, interval: 100 },
  );
  const outdated = await startAlone('serve', old, env);
  await vi.waitFor(async () => expect(await predict(outdated)).toEqual(expected), {
    timeout: 60_000,
    interval: 100,
  });
  expect(await predict(serving)).toEqual(expected);
  expect(jsonOf(await apply(current))).toMatchObject({ changes: [], manifest_id: applied['manifest_id'] });
});
