import { createLogger, systemClock } from '@larder/core';
import { createPredictionLog, findPredictions } from '@larder/offline-store';
import { showPrediction } from '@larder/serving';
import { fixturePredictor, type WindowsServed } from '@larder/serving/testing';
import { expect } from 'vitest';
import { test, type WindowsHistory } from '../testing/windows-history-test.ts';
import { checkParity } from './check-parity.ts';

const MINUTE = 60_000;
const iso = (ms: number): string => new Date(ms).toISOString();
const logger = createLogger('test', { level: 'silent' });

/** Predicts for an ad at the time of the clock, into the log. */
async function predict(
  { project, onlineStore, clock }: WindowsServed,
  { store }: WindowsHistory,
  adId: string,
) {
  const predictionLog = createPredictionLog({ store, project: project.name, logger });
  const predictor = await fixturePredictor({ project, onlineStore, model: 'ad_pace', predictionLog, clock });
  const { rows } = await predictor.predict({ rows: [{ entities: { ad_id: adId } }] });
  await predictionLog.close();
  await predictor.runner.close();
  const [row] = rows;
  if (row === undefined || !('predictionId' in row)) throw new Error('There is no prediction.');
  return row.predictionId;
}

async function parityOf({ store, definitions }: WindowsHistory, predictionId: string) {
  await store.pool.query('delete from larder.predictions where prediction_id <> $1', [predictionId]);
  return checkParity(
    { store, clock: systemClock, definitionsOf: () => Promise.resolve(definitions) },
    { project: 'pace', model: 'ad_pace', limit: 100, signal: new AbortController().signal },
  );
}

function event(id: string, atMs: number, bid: number | null = 2) {
  return { event_id: id, event_timestamp: iso(atMs), ad_id: id.split('-')[0], bid, user_id: 'a' };
}

test('windows that were served are rebuilt from their events: with events, without, and corrected since', async ({
  windows,
  past,
}) => {
  const { clock } = windows;
  const start = clock.atMs;
  await past.push([event('seen-1', start - 10 * MINUTE), event('seen-2', start - 600 * MINUTE, null)]);
  clock.atMs = start + 30_000;
  for (const adId of ['seen', 'never']) {
    const id = await predict(windows, past, adId);
    clock.atMs = start + 90_000;
    await past.push([event('seen-1', start - 10 * MINUTE, 100), event('seen-3', start)]);
    clock.atMs = start + 30_000;
    const report = await parityOf(past, id);
    expect(report).toMatchObject({ predictions: 1, unexplained: 0, explained: 0, unchecked: {} });
    expect(report.features.map(({ compared }) => compared)).toEqual(Array.from({ length: 15 }, () => 1));
  }
  clock.atMs = start;
});

test('an event that changes without a landing is found, in the windows and what follows from them', async ({
  windows,
  past,
}) => {
  const { clock } = windows;
  const start = clock.atMs;
  await past.push([event('changed-1', start - 10 * MINUTE)]);
  clock.atMs = start + 30_000;
  const id = await predict(windows, past, 'changed');
  clock.atMs = start;
  await past.store.pool.query(
    "update pace_history.ad_events_events set bid = 3 where event_id = 'changed-1'",
  );
  const report = await parityOf(past, id);
  expect(report.explained).toBe(0);
  const differing = report.features.filter(({ causes }) => causes.value > 0).map(({ ref }) => ref);
  expect(differing).toContain('ad_stats@1:bid_1h');
  expect(differing).not.toContain('ad_stats@1:shown_1h');
});

test('events that were confirmed at the moment of a prediction, or later, explain a difference', async ({
  windows,
  past,
}) => {
  const { clock } = windows;
  const start = clock.atMs;
  await past.push([event('moment-1', start - 10 * MINUTE)]);
  const id = await predict(windows, past, 'moment');
  const confirmed = (at: Date | null) =>
    past.store.pool.query(
      `update larder.chunks set online_at = $1 where chunk_id in (
        select chunk_id from pace_history.ad_events_events where event_id = 'moment-1')`,
      [at],
    );
  await confirmed(new Date(start + 1));
  const soon = await parityOf(past, id);
  expect(soon).toMatchObject({ unexplained: 0 });
  expect(soon.features.find(({ ref }) => ref === 'ad_stats@1:bid_1h')?.explained).toEqual({ same_moment: 1 });
  expect(soon.features.find(({ ref }) => ref === 'pace:bid_known')?.explained).toEqual({ same_moment: 1 });
  await past.store.pool.query(
    "update pace_history.ad_events_events set landed_at = $1 where event_id = 'moment-1'",
    [new Date(start)],
  );
  await confirmed(new Date(start + MINUTE));
  const late = await parityOf(past, id);
  expect(late).toMatchObject({ unexplained: 0 });
  expect(late.features.find(({ ref }) => ref === 'ad_stats@1:bid_1h')?.explained).toEqual({
    not_confirmed: 1,
  });
});

test('a prediction shows windows that had no value as null', async ({ windows, past }) => {
  const { clock } = windows;
  const start = clock.atMs;
  await past.push([event('shown-1', start - 10 * MINUTE, null)]);
  clock.atMs = start + 30_000;
  const id = await predict(windows, past, 'shown');
  clock.atMs = start;
  const { predictions } = await findPredictions(
    past.store,
    { project: 'pace', model: 'ad_pace' },
    { limit: 10, cursor: undefined },
  );
  const logged = predictions.find(({ predictionId }) => predictionId === id);
  if (logged === undefined) throw new Error('The prediction was not logged.');
  const { features } = await showPrediction(past.store, logged, {
    manifest: past.definitions.manifest,
  });
  const shown = (ref: string) => features?.find((feature) => feature.ref === `ad_stats@1:${ref}`);
  expect(shown('shown_1h')).toMatchObject({
    value: 1,
    status: 'PRESENT',
    value_from: 'log',
    age_ms: 630_000,
  });
  expect(shown('bid_mean_1h')).toMatchObject({ value: null, status: 'NULL_VALUE' });
});
