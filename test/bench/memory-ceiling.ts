import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { memoryCeilingBytes, readConfig } from '@larder/inference';
import { stalledBodies, unreadAnswers, unreadStreams } from '@larder/inference/testing';
import { load } from './predict/load.ts';
import { prepare } from './predict/prepare.ts';
import { startServer } from './predict/server-process.ts';
import type { Bench } from './row.ts';

const MIB = 2 ** 20;
const HELD_MS = 8_000;
const REST_MS = 60_000;
const MAX_REST_RATIO = 1.5;
const PREDICT = '/v1/models/ad_ctr/predict';
const PREDICTION = {
  entities: { ad_id: 'ad-1' },
  request: { requested_at: '2026-11-20T09:30:00Z' },
  options: { deadline_ms: 5_000 },
};
const READ = {
  features: ['ad_image', 'ad_stats'],
  entities: Array.from({ length: 1_000 }, (_, at) => ({ ad_id: `ad-${at}` })),
};

const bench: Bench = {
  name: 'memory-ceiling',
  what: 'the service under 200 stalled bodies of 8 MiB, 80,000 pipelined predictions and 60 large reads with unread answers, and 900 unread streams, all at once',
  async run(progress) {
    const prepared = await prepare();
    const server = await startServer('larder-server.ts', prepared.env);
    const { url } = server;
    const bytesOf = (name: 'VmRSS' | 'VmHWM') => {
      const status = readFileSync(`/proc/${server.pid}/status`, 'utf8');
      return 1_024 * Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]);
    };
    try {
      await load({
        url,
        path: PREDICT,
        bodies: [JSON.stringify(PREDICTION)],
        connections: 4,
        durationMs: 2_000,
      });
      const start = bytesOf('VmRSS');
      const ceiling = start + memoryCeilingBytes(readConfig({ ...prepared.env, BENCH_MODEL: undefined }));
      const queued = await fetch(`${url}/v1/backfills`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ view: 'ad_image', scope: { all: true } }),
      });
      const { run_id: runId } = (await queued.json()) as { run_id: string };
      const attacks = [
        await unreadStreams(url, 900, runId),
        await stalledBodies(url, 200),
        await unreadAnswers(url, { connections: 60, path: '/v1/features/online', body: READ }),
        await unreadAnswers(url, { connections: 80, requests: 1_000, path: PREDICT, body: PREDICTION }),
      ];
      await wait(HELD_MS);
      for (const { end } of attacks) end();
      await wait(REST_MS);
      const rest = bytesOf('VmRSS');
      // also covers work that continued after the callers had left
      const peak = bytesOf('VmHWM');
      progress(
        `from ${mib(start)} to ${mib(peak)} MiB, the ceiling is ${mib(ceiling)}; ${mib(rest)} MiB a minute later`,
      );
      return [
        {
          name: 'memory-ceiling',
          value: peak / MIB,
          unit: 'MiB at most',
          floor: null,
          ratio: null,
          target: `≤ ${mib(ceiling)} MiB, the declared ceiling`,
          ok: peak <= ceiling,
        },
        {
          name: 'memory-rest',
          value: rest / MIB,
          unit: 'MiB a minute later',
          floor: start / MIB,
          ratio: rest / start,
          target: `≤ ${MAX_REST_RATIO} × its start`,
          ok: rest <= MAX_REST_RATIO * start,
        },
      ];
    } finally {
      await server.stop();
      await prepared.close();
    }
  },
};

export default bench;

const mib = (bytes: number) => Math.round(bytes / MIB);
