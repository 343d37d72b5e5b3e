import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { requests } from '@larder/example-ads';
import { freePort } from '@larder/infra';
import { median, type Bench } from './row.ts';

const root = resolve(import.meta.dirname, '../..');
const COLD_TARGET_S = 180;
const WARM_TARGET_S = 15;
const BACKFILL_TARGET_S = 120;
/** Views that the demo computes from the pictures. */
const PICTURE_VIEWS = ['ad_image', 'ad_text'];
const WARM_ROUNDS = 3;
const GIVE_UP_S = 900;
const POLL_MS = 50;
/** A port that no other stack here uses. */
const FIRST_PORT = 17_570;

/**
 * From `npm run demo` to the first prediction without missing values: in a clone of the last commit, with the npm cache
 * of the current user; then again in the same clone, where everything is installed and computed.
 */
const bench: Bench = {
  name: 'cold-start',
  what: 'npm run demo to the first complete prediction, in a fresh clone and in one that ran before',
  async run(progress) {
    const clone = mkdtempSync(join(tmpdir(), 'larder-cold-start-'));
    try {
      const cloned = spawnSync('git', ['clone', '--quiet', root, clone], { encoding: 'utf8' });
      if (cloned.status !== 0) throw new Error(`The repository could not be cloned: ${cloned.stderr}`);
      let backfillSeconds = 0;
      const coldSeconds = await firstPrediction(clone, async (url) => {
        backfillSeconds = await backfilled(url);
      });
      progress(
        `cold: ${coldSeconds.toFixed(1)} s, the backfill of the pictures: ${backfillSeconds.toFixed(1)} s`,
      );
      const warm: number[] = [];
      for (let round = 0; round < WARM_ROUNDS; round++) {
        warm.push(await firstPrediction(clone));
        progress(`warm: ${warm.at(-1)?.toFixed(1)} s`);
      }
      return [
        row('cold-start', coldSeconds, COLD_TARGET_S),
        row('cold-start-warm', median(warm), WARM_TARGET_S),
        row('demo-backfill', backfillSeconds, BACKFILL_TARGET_S),
      ];
    } finally {
      rmSync(clone, { recursive: true, force: true });
    }
  },
};

export default bench;

function row(name: string, value: number, targetS: number) {
  const target = `≤ ${targetS} s`;
  return { name, value, unit: 's', floor: null, ratio: null, target, ok: value <= targetS };
}

/** Seconds until a prediction is answered without missing values; the demo is stopped after `then`. */
async function firstPrediction(clone: string, then?: (url: string) => Promise<void>): Promise<number> {
  const port = await freePort('127.0.0.1', FIRST_PORT);
  const url = `http://127.0.0.1:${port}`;
  const startMs = performance.now();
  const demo = spawn('npm', ['run', 'demo', '--', '--port', String(port)], {
    cwd: clone,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let output = '';
  for (const stream of [demo.stdout, demo.stderr]) stream.on('data', (text) => (output += String(text)));
  try {
    while (!(await isPredicted(url))) {
      if (demo.exitCode !== null) throw new Error(`The demo ended with ${demo.exitCode}:\n${output}`);
      if (performance.now() - startMs > GIVE_UP_S * 1_000) throw new Error(`No prediction came:\n${output}`);
      await wait(POLL_MS);
    }
    const seconds = (performance.now() - startMs) / 1_000;
    await then?.(url);
    return seconds;
  } finally {
    await end(demo);
  }
}

async function isPredicted(url: string): Promise<boolean> {
  try {
    const answer = await fetch(`${url}/v1/models/ad_ctr/predict`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(requests(1)[0]),
      signal: AbortSignal.timeout(1_000),
    });
    const { degraded } = (await answer.json()) as { readonly degraded?: boolean };
    return answer.ok && degraded === false;
  } catch {
    return false;
  }
}

/** Seconds from the start of the first picture view's run to the end of the last; waits for it. */
async function backfilled(url: string): Promise<number> {
  for (let waitedMs = 0; waitedMs < GIVE_UP_S * 1_000; waitedMs += POLL_MS) {
    const answer = await fetch(`${url}/v1/runs`, { signal: AbortSignal.timeout(5_000) });
    const { runs } = (await answer.json()) as { readonly runs: readonly Run[] };
    const ofPictures = PICTURE_VIEWS.map((view) => runs.find((run) => run.view === view));
    const ends = ofPictures.map((run) => Date.parse(run?.finished_at ?? ''));
    if (!ends.some(Number.isNaN)) {
      const starts = ofPictures.map((run) => Date.parse(run?.started_at ?? ''));
      return (Math.max(...ends) - Math.min(...starts)) / 1_000;
    }
    await wait(POLL_MS);
  }
  throw new Error(`The runs of ${PICTURE_VIEWS.join(' and ')} did not end.`);
}

interface Run {
  readonly view: string;
  readonly started_at: string | null;
  readonly finished_at: string | null;
}

/** Like Ctrl-C: signals the whole process group, which ends when its stack has ended. */
async function end(demo: ChildProcess): Promise<void> {
  if (demo.exitCode !== null || demo.pid === undefined) return;
  const exited = once(demo, 'exit');
  process.kill(-demo.pid, 'SIGINT');
  await exited;
}
