import type {
  EventsAnswer,
  FailuresAnswer,
  OnlineFeaturesAnswer,
  PredictAnswer,
  Run,
} from '@larder/contracts';

/** The few routes of Larder that the demo shows, called like any other program would. */
export interface LarderApi {
  /** Starts the materialization of all rows. @returns the run's id */
  backfill(view: string): Promise<string>;
  run(runId: string): Promise<Run>;
  failures(runId: string): Promise<FailuresAnswer['failures']>;
  /** The newest runs of a view, the newest first. */
  runs(view: string): Promise<readonly Run[]>;
  predict(body: object): Promise<PredictAnswer>;
  sendEvent(source: string, event: object): Promise<EventsAnswer>;
  /** The stored features of one ad. */
  read(features: readonly string[], adId: string): Promise<readonly unknown[]>;
}

export function larderApi(url: string): LarderApi {
  const call = async <T>(method: string, path: string, body?: object): Promise<T> => {
    const answer = await fetch(`${url}${path}`, {
      method,
      signal: AbortSignal.timeout(10_000),
      ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${await answer.text()}`);
    return (await answer.json()) as T;
  };
  return {
    backfill: async (view) =>
      (await call<{ run_id: string }>('POST', '/v1/backfills', { view, scope: { all: true } })).run_id,
    run: (runId) => call('GET', `/v1/runs/${runId}`),
    failures: async (runId) => (await call<FailuresAnswer>('GET', `/v1/runs/${runId}/failures`)).failures,
    runs: async (view) => (await call<{ runs: Run[] }>('GET', `/v1/runs?view=${view}&limit=20`)).runs,
    predict: (body) => call('POST', '/v1/models/ad_ctr/predict', body),
    sendEvent: (source, event) => call('POST', `/v1/events/${source}`, { events: [event] }),
    async read(features, adId) {
      const { rows } = await call<OnlineFeaturesAnswer>('POST', '/v1/features/online', {
        features,
        entities: [{ ad_id: adId }],
      });
      return rows[0]?.values ?? [];
    },
  };
}
