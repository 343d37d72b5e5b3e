import type {
  EventsAnswer,
  FailuresAnswer,
  OnlineFeaturesAnswer,
  PredictAnswer,
  Run,
} from '@larder/contracts';
import { callLarder } from '../src/call-larder.ts';

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
  const call = <T>(path: string, body?: object): Promise<T> => callLarder(url, path, body);
  return {
    backfill: async (view) =>
      (await call<{ run_id: string }>('/v1/backfills', { view, scope: { all: true } })).run_id,
    run: (runId) => call(`/v1/runs/${runId}`),
    failures: async (runId) => (await call<FailuresAnswer>(`/v1/runs/${runId}/failures`)).failures,
    runs: async (view) => (await call<{ runs: Run[] }>(`/v1/runs?view=${view}&limit=20`)).runs,
    predict: (body) => call('/v1/models/ad_ctr/predict', body),
    sendEvent: (source, event) => call(`/v1/events/${source}`, { events: [event] }),
    async read(features, adId) {
      const { rows } = await call<OnlineFeaturesAnswer>('/v1/features/online', {
        features,
        entities: [{ ad_id: adId }],
      });
      return rows[0]?.values ?? [];
    },
  };
}
