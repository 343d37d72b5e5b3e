import { join } from 'node:path';
import { createLogger, systemClock } from '@larder/core';
import { createPredictionLog } from '@larder/offline-store';
import { prediction } from '@larder/offline-store/testing/prediction';
import { expect } from 'vitest';
import { test } from '../testing/history-test.ts';
import { readRows } from '../testing/read-rows.ts';
import { buildTrainingSet } from './build-training-set.ts';

const HOUR_MS = 3_600_000;
const NOW_MS = Date.now();

test('logged predictions with labels: mature ones alone, the features of their time, the label in force', async ({
  history,
  folder,
}) => {
  const { store, definitions } = history;
  const brightness = (adId: string, value: number, hoursAgo: number) => ({
    ref: 'ad_image@1',
    keys: { ad_id: adId },
    values: { brightness: value },
    eventTimestampMs: NOW_MS - hoursAgo * HOUR_MS,
  });
  await history.land([brightness('ad-1', 1, 20), brightness('ad-1', 2, 9), brightness('ad-2', 3, 20)]);
  const made = (adId: string, hoursAgo: number) =>
    prediction({
      model: 'ad_brightness',
      predictedAtMs: NOW_MS - hoursAgo * HOUR_MS,
      entities: { ad_id: adId },
      entityKeys: [{ entity: 'ad', key: adId }],
      request: {},
    });
  const [clicked, silent, corrected, young] = [
    made('ad-1', 10),
    made('ad-1', 8),
    made('ad-2', 7),
    made('ad-2', 0.5),
  ] as const;
  const logger = createLogger('test', { level: 'silent' });
  const log = createPredictionLog({ store, project: 'shop', logger });
  for (const record of [clicked, silent, corrected, young]) log.append(record);
  await log.close();
  const label = (event: string, record: typeof clicked, value: string, corrects: string | null = null) =>
    store.pool.query(
      `insert into larder.labels (project, name, source, event_id, prediction_id, event_timestamp, value, corrects_event_id)
       values ('shop', 'clicked', 'api', $1, $2, $3, $4, $5)`,
      [event, record.predictionId, new Date(record.predictedAtMs + 60_000).toISOString(), value, corrects],
    );
  await label('click', clicked, 'true');
  await label('wrong', corrected, 'true');
  await label('right', corrected, 'false', 'wrong');
  await label('early', young, 'true');

  const model = definitions.manifest.models['ad_brightness'];
  if (model === undefined) throw new Error('The fixture has no ad_brightness.');
  const policy = {
    name: 'clicked',
    horizon_ms: HOUR_MS,
    on_silence: 'negative',
    attribution: 'prediction_id',
  } as const;
  const manifest = { ...definitions.manifest, models: { ad_brightness: { ...model, label: policy } } };
  const set = await buildTrainingSet(
    { store, definitions: { ...definitions, manifest }, connections: {}, actor: 'test', clock: systemClock },
    {
      features: { kind: 'model', model: 'ad_brightness', version: 1 },
      spine: {
        kind: 'predictions',
        model: 'ad_brightness',
        version: null,
        label: 'clicked',
        from: null,
        to: null,
        labelsAsOf: null,
      },
      folder: join(folder, 'set'),
    },
  );
  const rows = await readRows(join(folder, 'set/rows.parquet'));
  // A label of true and false is 1 and 0.
  const byId = new Map(rows.map((row) => [row['prediction_id'], row]));
  expect(
    [clicked, silent, corrected, young].map(({ predictionId }) => {
      const row = byId.get(predictionId);
      return row && [row['ad_id'], row['clicked'], row['ad_image:brightness']];
    }),
  ).toEqual([['ad-1', 1, 1], ['ad-1', 0, 2], ['ad-2', 0, 3], undefined]);
  expect(set).toMatchObject({
    spine: { rows: 3, source: { kind: 'predictions', label: 'clicked', labels_as_of: expect.any(String) } },
    features: [{ name: 'ad_image:brightness', not_found: 0 }],
  });
});
