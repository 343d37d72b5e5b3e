import { createLogger } from '@larder/core';
import { createOfflineStore, createPredictionLog, migrate } from '@larder/offline-store';
import { expect } from 'vitest';
import { fixturePredictor } from '../testing/index.ts';
import { test } from '../testing/served-test.ts';

const SHOPPER = { country: 'NL', shopper_id: 7 };
const REQUEST = { requested_at: '2026-11-20T06:30:00+00:00', placement: 'feed', bid: 0.5 };

test('a live policy decides what the log keeps: sensitive keys, request fields and features', async ({
  served,
  database,
}) => {
  const { onlineStore, project } = served;
  const store = createOfflineStore({
    databaseUrl: database.url,
    logger: createLogger('test', { level: 'silent' }),
  });
  await migrate(store);
  const logger = createLogger('test', { level: 'silent' });
  const predictionLog = createPredictionLog({ store, project: project.name, logger });
  const { manifest } = project;
  const marked = JSON.parse(JSON.stringify(manifest), (_, field: unknown) => {
    const how = {
      shopper_id: 'hashed',
      placement: 'hashed',
      bid: 'omitted',
      age: 'omitted',
      in_feed: 'hashed',
    };
    const { name } = (field ?? {}) as { name?: keyof typeof how };
    return name !== undefined && Object.hasOwn(how, name)
      ? { ...(field as object), sensitive: how[name] }
      : field;
  }) as typeof manifest;
  const predictor = await fixturePredictor({
    project,
    onlineStore,
    model: 'ad_ctr',
    manifest: marked,
    predictionLog,
  });
  const { rows } = await predictor.predict({
    rows: [{ entities: { ad_id: 'ad-s', ...SHOPPER }, request: REQUEST }],
  });
  await predictionLog.close();
  const { rows: logged } = await store.pool.query(
    'select entities, entity_keys, request, on_demand, scalars from larder.predictions where prediction_id = $1',
    [rows[0] !== undefined && 'predictionId' in rows[0] ? rows[0].predictionId : null],
  );
  const hash = expect.stringMatching(/^#[0-9a-f]{64}$/) as string;
  expect(logged[0]).toMatchObject({
    entities: { ad_id: 'ad-s', country: 'NL', shopper_id: hash },
    entity_keys: ['ad:ad-s', expect.stringMatching(/^shopper#[0-9a-f]{64}$/)],
    request: { requested_at: REQUEST.requested_at, placement: hash },
    on_demand: { offer: { in_feed: hash, smoothed: 0.01 } },
  });
  expect(Object.keys(logged[0].request)).not.toContain('bid');
  expect(logged[0].scalars.map((value: number | null) => value === null)).toEqual([
    false,
    false,
    false,
    false,
    true,
    false,
    false,
    true,
    false,
  ]);
  await predictor.runner.close();
  await store.close();
});
