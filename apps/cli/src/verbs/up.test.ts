import type { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { isRunning } from '@larder/infra';
import { connectRedis } from '@larder/online-store';
import { test } from '@larder/testing';
import { afterAll, beforeAll, describe, expect, vi } from 'vitest';
import { copyShop, jsonOf, runCli, startCli } from '../../fixtures/run-cli.ts';

interface StackFile {
  readonly pid: number;
  readonly apps: Readonly<Record<string, number>>;
  readonly addresses: { readonly inferenceUrl: string; readonly redisUrl: string };
}

const folder = copyShop();
const stackPath = join(folder, '.larder/stack.json');
const stackFile = () => JSON.parse(readFileSync(stackPath, 'utf8')) as StackFile;
const larder = (...args: string[]) => runCli(args, { cwd: folder });

let up: ChildProcess;
let remarks = '';
let inTheWay: Server;
let address: { readonly inference_url: string };

describe('a stack started by up', () => {
  beforeAll(async () => {
    inTheWay = createServer();
    await new Promise<void>((done) => inTheWay.listen(0, '127.0.0.1', done));
    const taken = (inTheWay.address() as { port: number }).port;
    up = startCli(['up', '--json', '--port', String(taken)], { cwd: folder });
    let stdout = '';
    up.stdout?.on('data', (text: Buffer) => (stdout += text.toString()));
    up.stderr?.on('data', (text: Buffer) => (remarks += text.toString()));
    await vi.waitFor(() => expect(JSON.parse(stdout)).toBeTruthy(), { timeout: 60_000, interval: 50 });
    address = JSON.parse(stdout) as typeof address;
    expect(remarks).toContain(`Port ${taken} is taken`);
  });

  afterAll(async () => {
    inTheWay.close();
    up.kill('SIGKILL');
  });

  test('answers predictions, also to the other verbs without any setting', async () => {
    const ready = await fetch(`${address.inference_url}/health/ready`);
    expect(ready.status).toBe(200);
    const predicted = jsonOf(
      await larder(
        ...'predict ad_ctr --ad_id ad-1 --requested_at 2026-11-20T09:30:00Z --bid 1 --json'.split(' '),
      ),
    );
    expect(predicted).toMatchObject({ model: 'ad_ctr', version: 1, degraded: true });
    const body = { entities: { ad_id: 'ad-1' }, request: { requested_at: '2026-11-20T09:30:00Z', bid: 1 } };
    const answer = await fetch(`${address.inference_url}/v1/models/ad_ctr/predict`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    expect(await answer.json()).toMatchObject({ outputs: predicted['outputs'], degraded: true });
  });

  test('refuses a second one', async () => {
    const second = await larder('up', '--json');
    expect(second.code).toBe(1);
    expect(jsonOf(second)).toMatchObject({
      code: 'STACK_NOT_STARTED',
      detail: expect.stringContaining(address.inference_url),
    });
  });

  test('says which source has no address', () => {
    expect(remarks).toContain('LARDER_CONNECTION_SHOP_URL');
  });

  test('passes the doctor with a warning', async () => {
    const result = await larder('doctor', '--json');
    expect(result.code).toBe(0);
    const { checks } = jsonOf(result) as { checks: { check: string; status: string }[] };
    expect(Object.fromEntries(checks.map(({ check, status }) => [check, status]))).toEqual({
      node: 'ok',
      disk: expect.any(String),
      stack: 'ok',
      redis: 'ok',
      database: 'ok',
      project: 'ok',
      applied: 'ok',
      audit: 'ok',
      'model ad_ctr': 'ok',
      'clock postgresql': 'ok',
      'clock redis': 'ok',
      worker: 'ok',
      inference: 'ok',
      'source of ad_stats@1': 'warn',
    });
  });

  test('starts an app again that was killed', async () => {
    const before = stackFile().apps['inference'] as number;
    process.kill(before, 'SIGKILL');
    await vi.waitFor(() => expect(stackFile().apps['inference']).not.toBe(before), {
      timeout: 60_000,
      interval: 50,
    });
    expect((await fetch(`${address.inference_url}/health/ready`)).status).toBe(200);
    await expect.poll(() => remarks).toMatch(/inference ended \(SIGKILL\)[^]*inference is back/);
  });

  test('replaces what hangs: both apps, Redis and PostgreSQL at once', { timeout: 300_000 }, async () => {
    const { apps, addresses } = stackFile();
    const redis = connectRedis(addresses.redisUrl, { role: 'tool' });
    const redisPid = Number(/process_id:(\d+)/.exec(await redis.info('server'))?.[1]);
    redis.disconnect();
    const postmaster = readFileSync(join(folder, '.larder/stack/postgres/postmaster.pid'), 'utf8');
    const frozen = [...Object.values(apps), redisPid, Number(postmaster.split('\n')[0])];
    expect(frozen).toHaveLength(4);
    for (const pid of frozen) process.kill(pid, 'SIGSTOP');
    await vi.waitFor(
      () => {
        for (const name of ['inference', 'worker', 'Redis', 'PostgreSQL'])
          expect(remarks).toMatch(
            new RegExp(
              `${name} \\(pid \\d+\\) has not answered for 30 s[^]*${name} ended[^]*${name} is back`,
            ),
          );
      },
      { timeout: 200_000, interval: 200 },
    );
    expect(frozen.filter((pid) => isRunning(pid))).toEqual([]);
    await vi.waitFor(
      async () => {
        const ready = await fetch(`${address.inference_url}/health/ready`);
        expect(JSON.stringify(await ready.json())).not.toMatch(/"ready":false|"degraded":true/);
      },
      { timeout: 60_000, interval: 100 },
    );
  });

  test('stops everything on SIGTERM', async () => {
    const { apps } = stackFile();
    const ended = new Promise((done) => up.once('exit', done));
    up.kill('SIGTERM');
    expect(await ended).toBe(0);
    for (const pid of Object.values(apps)) expect(isRunning(pid)).toBe(false);
    expect(existsSync(stackPath)).toBe(false);
    expect(existsSync(join(folder, '.larder/stack/postgres/postmaster.pid'))).toBe(false);
    expect((await larder('entities', 'ad', '--json')).code).toBe(2);
  });
});
