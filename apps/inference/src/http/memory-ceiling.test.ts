import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createBackfill } from '@larder/materialization/runs';
import { putRows } from '@larder/serving/testing';
import { expect, onTestFinished, vi } from 'vitest';
import { body, putAd } from '../testing/ads.ts';
import { test, type Service } from '../testing/inference-test.ts';
import { stalledBodies, unreadAnswers, unreadStreams, type Attack } from '../testing/strangers.ts';
import { memoryCeilingBytes } from './memory-ceiling.ts';

const LIMITS = { bufferBytes: 16 * 2 ** 20, maxConnections: 512 };
const PREDICT = '/v1/models/ad_ctr/predict';

/** The service in its own process, so that its memory can be measured. */
async function start({ config }: Service) {
  const child = spawn(process.execPath, [`${import.meta.dirname}/../main.ts`], {
    env: {
      PATH: process.env['PATH'],
      LARDER_PROJECT: config.projectPath,
      LARDER_DATABASE_URL: config.databaseUrl,
      LARDER_REDIS_URL: config.redisUrl,
      LARDER_PORT: '0',
      LARDER_MAX_CONNECTIONS: String(LIMITS.maxConnections),
      LARDER_BUFFER_BYTES: String(LIMITS.bufferBytes),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let output = '';
  child.stdout.on('data', (data: Buffer) => (output += data.toString()));
  await vi.waitFor(() => expect(output).toContain('Listening'), { timeout: 60_000 });
  const bytesOf = (name: string) => {
    const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
    return 1_024 * Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]);
  };
  return {
    url: /"url":"([^"]+)"/.exec(output)?.[1] ?? '',
    restBytes: () => bytesOf('VmRSS'),
    peakBytes: () => bytesOf('VmHWM'),
  };
}

async function predict(url: string): Promise<number> {
  const answer = await fetch(url + PREDICT, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...body('ad-1'), options: { deadline_ms: 30_000 } }),
  });
  await answer.text();
  return answer.status;
}

test.skipIf(process.platform !== 'linux')(
  'untrusted callers cannot exceed the memory ceiling, and others are answered meanwhile',
  async ({ service }) => {
    const { offlineStore, onlineStore, project } = service;
    await putAd(service, 'ad-1');
    await putRows(onlineStore, project, [
      {
        ref: 'ad_image@1',
        keys: { ad_id: 'ad-long' },
        values: { embedding: new Float32Array(4), brightness: 1, note: 'n'.repeat(8_000) },
      },
    ]);
    const { url, restBytes, peakBytes } = await start(service);
    for (let i = 0; i < 50; i++) expect(await predict(url)).toBe(200);
    const ceiling = restBytes() + memoryCeilingBytes(LIMITS);
    const { manifest } = project;
    const { runId } = await createBackfill(offlineStore, {
      manifest,
      view: 'ad_image',
      scope: { all: true },
    });
    const many = Array.from({ length: 1_000 }, () => ({ ad_id: 'ad-long' }));
    const attacks: readonly (() => Promise<Attack>)[] = [
      () => stalledBodies(url, 100),
      () => unreadAnswers(url, { connections: 40, requests: 500, path: PREDICT, body: body('ad-1') }),
      () =>
        unreadAnswers(url, {
          connections: 40,
          path: '/v1/features/online',
          body: { features: ['ad_image:note'], entities: many },
        }),
      () => unreadStreams(url, 100, runId),
    ];
    for (const attack of attacks) {
      const { end } = await attack();
      for (let i = 0; i < 20; i++) expect(await predict(url)).toBe(200);
      expect(peakBytes()).toBeLessThan(ceiling);
      end();
    }
  },
);
