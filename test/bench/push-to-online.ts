import { startCommentsStack } from './push-to-online/comments-stack.ts';
import { quantile, type Bench } from './row.ts';

const PUSHES = 300;
const QUIET = 30;
const WARM_UP = 10;
/** On a busy machine there are fewer pushes. */
const PUSHING_MS = 25_000;
const ARCHIVED = 150_000;
/** Between two looks at the online store; the measured times are longer by half of it. */
const ASK_EVERY_MS = 5;
const WAIT_MS = 30_000;
const MAX_P99_MS = 1_000;

const bench: Bench = {
  name: 'push-to-online',
  what: 'up to 300 comments, pushed one after another over HTTP, each until its sentiment is readable through POST /v1/features/online, while the same worker backfills 150,000 archived comments with the same computation',
  async run(progress, { rows: pushes = PUSHES } = {}) {
    const running = await startCommentsStack(ARCHIVED);
    const url = running.stack.inferenceUrl;
    try {
      for (let at = 0; at < WARM_UP; at++) await pushToOnline(url, `warm-${at}`);
      const quiet: number[] = [];
      for (let at = 0; at < QUIET; at++) quiet.push(await pushToOnline(url, `quiet-${at}`));
      progress(`without a backfill: ${describe(quiet)}`);

      const { run_id: runId } = await call<{ run_id: string }>(`${url}/v1/backfills`, {
        view: 'archived_sentiment',
        scope: { all: true },
      });
      const backfill = () => call<Run>(`${url}/v1/runs/${runId}`);
      const giveUpAt = performance.now() + WAIT_MS;
      while ((await backfill()).rows.done === 0) {
        if (performance.now() > giveUpAt)
          throw new Error(`The backfill did not begin; see ${running.stack.logs}.`);
        await pause();
      }
      const before = (await backfill()).rows.done;
      const started = performance.now();
      const latencies: number[] = [];
      for (let at = 0; at < pushes && performance.now() - started < PUSHING_MS; at++)
        latencies.push(await pushToOnline(url, `pushed-${at}`));
      const seconds = (performance.now() - started) / 1_000;
      const after = await backfill();
      if (after.finished_at !== null || after.rows.done === before)
        throw new Error('The backfill did not run during all of the pushes.');
      const late = quantile(latencies, 0.99);
      progress(
        `beside a backfill of ${Math.round((after.rows.done - before) / seconds)} rows/s: ${describe(latencies)}`,
      );
      await call(`${url}/v1/runs/${runId}/cancel`, {});
      return [
        {
          name: 'push-to-online',
          value: late,
          unit: 'ms p99 until readable',
          floor: null,
          ratio: null,
          target: `≤ ${MAX_P99_MS.toLocaleString('en-US')} ms`,
          ok: late <= MAX_P99_MS,
        },
      ];
    } finally {
      await running.close();
    }
  },
};

export default bench;

interface Run {
  readonly finished_at: string | null;
  readonly rows: { readonly done: number };
}

/** @returns milliseconds from the request until the sentiment was in an answer */
async function pushToOnline(url: string, id: string): Promise<number> {
  const started = performance.now();
  await call(`${url}/v1/views/comment_sentiment/push`, {
    rows: [{ comment_id: id, event_timestamp: new Date().toISOString(), text: `I love ${id}, thank you!` }],
  });
  for (;;) {
    const { rows } = await call<{ rows: { values: (number | null)[] }[] }>(`${url}/v1/features/online`, {
      features: ['comment_sentiment:sentiment'],
      entities: [{ comment_id: id }],
    });
    const waitedMs = performance.now() - started;
    if (typeof rows[0]?.values[0] === 'number') return waitedMs;
    if (waitedMs > WAIT_MS) throw new Error(`The sentiment of ${id} is not readable after ${WAIT_MS} ms.`);
    await pause();
  }
}

function describe(latencies: readonly number[]): string {
  const at = (share: number) => quantile(latencies, share).toFixed(0);
  return `${latencies.length} pushes, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, at most ${at(1)} ms`;
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
}

async function call<Answer>(url: string, body?: object): Promise<Answer> {
  const answer = await fetch(url, {
    signal: AbortSignal.timeout(WAIT_MS),
    ...(body && {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
  });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as Answer;
}
