import { setTimeout as delay } from 'node:timers/promises';
import type { PredictAnswer } from '@larder/contracts';
import type { Fleet } from './fleet.ts';

/** One request of the load. */
export interface Answered {
  readonly url: string;
  readonly sentAtMs: number;
  readonly latencyMs: number;
  /** The version that answered; null: it failed. */
  readonly version: number | null;
  readonly score: number | null;
  /** Status and code, or the error of the connection; null: answered. */
  readonly error: string | null;
}

export interface FleetLoad {
  readonly answers: readonly Answered[];
  stop(): Promise<readonly Answered[]>;
}

export interface FleetLoadOptions {
  readonly callers: number;
  /** Pause of each caller after an answer. */
  readonly pauseMs: number;
  readonly deadlineMs: number;
}

/** Callers that ask the processes of a fleet in turn until they are stopped. */
export function startFleetLoad(fleet: Pick<Fleet, 'send'>, options: FleetLoadOptions): FleetLoad {
  const answers: Answered[] = [];
  const stopped = new AbortController();
  const body = JSON.stringify({
    entities: { ad_id: 'ad-1' },
    request: { bid: 1 },
    options: { deadline_ms: options.deadlineMs },
  });
  async function call(): Promise<void> {
    while (!stopped.signal.aborted) {
      answers.push(await fleet.send((url) => ask(url, body)));
      await delay(options.pauseMs);
    }
  }
  const calling = Promise.all(Array.from({ length: options.callers }, call));
  return {
    answers,
    async stop() {
      stopped.abort();
      await calling;
      return answers;
    },
  };
}

async function ask(url: string, body: string): Promise<Answered> {
  const sentAtMs = performance.now();
  const done = (outcome: Pick<Answered, 'version' | 'score' | 'error'>): Answered => ({
    url,
    sentAtMs,
    latencyMs: performance.now() - sentAtMs,
    ...outcome,
  });
  try {
    const response = await fetch(`${url}/v1/models/ad_ctr/predict`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    const text = await response.text();
    if (!response.ok) return done({ version: null, score: null, error: `${response.status} ${text}` });
    const { version, outputs } = JSON.parse(text) as PredictAnswer;
    return done({ version, score: Number(outputs['ctr']), error: null });
  } catch (error) {
    const { message, cause } = error as Error;
    const reason = cause instanceof Error ? `${message}: ${cause.message}` : message;
    return done({ version: null, score: null, error: reason });
  }
}
