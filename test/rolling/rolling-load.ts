import { once } from 'node:events';
import { request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { PredictAnswer, PredictBatchAnswer, PushAnswer, Run } from '@larder/contracts';
import type { Balancer } from './balancer.ts';
import { KEPT, call } from './http-call.ts';
import { callPipelined } from './pipelined.ts';
import { ADS } from './restart-project.ts';

/** What callers were told: all of it must be true afterwards. */
export interface Told {
  /** Ids of answered predictions. */
  readonly predictionIds: string[];
  /** Clicks of every accepted row, by ad: each ad is pushed once. */
  readonly pushed: Map<string, number>;
  /** Ended runs. */
  readonly runs: Run[];
  /** What went wrong, with where and when. */
  readonly errors: string[];
  readonly requests: Record<string, number>;
}

export interface RollingLoad {
  readonly told: Told;
  stop(): Promise<void>;
}

const BATCH_ROWS = 10;
const PUSH_ROWS = 5;
const OPTIONS = { deadline_ms: 10_000 };

/** Callers of every kind that ask processes through a balancer, without retrying anything. */
export function startRollingLoad(balancer: Balancer, { pauseMs }: { readonly pauseMs: number }): RollingLoad {
  const told: Told = { predictionIds: [], pushed: new Map(), runs: [], errors: [], requests: {} };
  const stopped = new AbortController();
  let ads = 0;

  async function repeat(name: string, turn: () => Promise<void>): Promise<void> {
    while (!stopped.signal.aborted) {
      told.requests[name] = (told.requests[name] ?? 0) + 1;
      await turn().catch((error: unknown) => told.errors.push(`${name}: ${String(error)}`));
      await delay(pauseMs);
    }
  }

  async function post<T>(path: string, body: unknown): Promise<T> {
    const url = balancer.next();
    const answer = await call(`${url}${path}`, { method: 'POST', body });
    // 202: a push is in history, and is served soon.
    if (answer.status !== 200 && answer.status !== 202)
      throw new Error(`${url}${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body as T;
  }

  async function predict(): Promise<void> {
    const answer = await post<PredictAnswer>('/v1/models/ad_ctr/predict', rowOf(told.predictionIds.length));
    told.predictionIds.push(answer.prediction_id);
  }

  async function predictBatch(): Promise<void> {
    const rows = Array.from({ length: BATCH_ROWS }, (_, at) => ({ entities: { ad_id: `ad-${at + 1}` } }));
    const answer = await post<PredictBatchAnswer>('/v1/models/ad_ctr/predict-batch', {
      rows,
      options: OPTIONS,
    });
    for (const row of answer.rows) {
      if (!('prediction_id' in row)) throw new Error(`a row was refused: ${JSON.stringify(row)}`);
      told.predictionIds.push(row.prediction_id);
    }
  }

  async function pipelined(): Promise<void> {
    const url = balancer.next();
    const answers = await callPipelined(url, '/v1/models/ad_ctr/predict', [1, 2, 3].map(rowOf));
    for (const answer of answers) told.predictionIds.push((answer as PredictAnswer).prediction_id);
  }

  async function push(): Promise<void> {
    const rows = Array.from({ length: PUSH_ROWS }, () => {
      ads += 1;
      return { ad_id: `pushed-${ads}`, event_timestamp: '2026-06-01T00:00:00Z', clicks: ads };
    });
    const answer = await post<PushAnswer>('/v1/views/ad_stats/push', { rows });
    if (answer.accepted !== PUSH_ROWS) throw new Error(`rows were rejected: ${JSON.stringify(answer)}`);
    for (const { ad_id, clicks } of rows) told.pushed.set(ad_id, clicks);
  }

  async function backfill(): Promise<void> {
    const body = { view: 'ad_image', scope: { all: true }, force: true };
    const { run_id: runId } = await post<{ run_id: string }>('/v1/backfills', body);
    let ended: Run | null = null;
    while (ended === null) ended = await follow(balancer.next(), runId);
    if (ended.status !== 'succeeded' || ended.rows.done !== ADS)
      throw new Error(`a run ended as ${JSON.stringify(ended)}`);
    told.runs.push(ended);
  }

  const callers = Promise.all([
    repeat('predict', predict),
    repeat('predict', predict),
    repeat('predict-batch', predictBatch),
    repeat('pipelined predict', pipelined),
    repeat('push', push),
    repeat('push', push),
    repeat('backfill', backfill),
  ]);
  return {
    told,
    async stop() {
      stopped.abort();
      await callers;
      KEPT.destroy();
    },
  };
}

const rowOf = (at: number) => ({ entities: { ad_id: `ad-${(at % ADS) + 1}` }, options: OPTIONS });

/** Follows a run over server-sent events. Null: the stream ended in order before the run, so follow it elsewhere. */
async function follow(url: string, runId: string): Promise<Run | null> {
  const sent = request(`${url}/v1/runs/${runId}/events`, { agent: KEPT }).end();
  const [response] = (await once(sent, 'response')) as [AsyncIterable<Buffer> & { statusCode: number }];
  let text = '';
  for await (const part of response) text += part.toString();
  if (response.statusCode !== 200) throw new Error(`${url}: ${response.statusCode} ${text}`);
  const data = /^event: end\ndata: (.*)$/m.exec(text)?.[1];
  return data === undefined ? null : (JSON.parse(data) as Run);
}
