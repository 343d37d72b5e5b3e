import { join } from 'node:path';
import { createLogger, systemClock } from '@larder/core';
import { createPredictionLog, type OfflineStore } from '@larder/offline-store';
import { prediction } from '@larder/offline-store/testing/prediction';
import { expect } from 'vitest';
import { test, type History } from '../../testing/history-test.ts';
import { buildAgain, buildTrainingSet } from '../build-training-set.ts';

/** `ad_brightness`, with a label that counts at once. */
function depsOf({ store, definitions }: History) {
  const model = definitions.manifest.models['ad_brightness'];
  if (model === undefined) throw new Error('The fixture has no ad_brightness.');
  const label = {
    name: 'clicked',
    horizon_ms: 0,
    on_silence: 'negative',
    attribution: 'prediction_id',
  } as const;
  const manifest = { ...definitions.manifest, models: { ad_brightness: { ...model, label } } };
  return {
    store,
    definitions: { ...definitions, manifest },
    connections: {},
    actor: 'test',
    clock: systemClock,
  };
}

const made = () =>
  prediction({
    model: 'ad_brightness',
    predictedAtMs: Date.now() - 60_000,
    entities: { ad_id: 'ad-1' },
    entityKeys: [{ entity: 'ad', key: 'ad-1' }],
    request: {},
  });

async function logged(store: OfflineStore, record: ReturnType<typeof made>): Promise<void> {
  const logger = createLogger('test', { level: 'silent' });
  const predictions = createPredictionLog({ store, project: 'shop', logger });
  predictions.append(record);
  await predictions.close();
}

test('what was being logged or labelled during the build does not change the set when it is built again', async ({
  history,
  folder,
}) => {
  const deps = depsOf(history);
  const { store } = history;
  const known = made();
  await logged(store, known);
  const build = (name: string) =>
    buildTrainingSet(deps, {
      features: { kind: 'list', references: ['ad_image:brightness'] },
      spine: {
        kind: 'predictions',
        model: 'ad_brightness',
        version: null,
        label: 'clicked',
        from: null,
        to: null,
        labelsAsOf: null,
      },
      folder: join(folder, name),
    });
  const late = made();
  const manifest = await store.transaction(async (log) => {
    // Begun, without any lock so far: the log begins like this.
    await log.client.query('select 1');
    const built = await store.transaction(async (labels) => {
      await labels.client.query(
        `insert into larder.labels (project, name, source, event_id, prediction_id, event_timestamp, value)
         values ('shop', 'clicked', 'api', 'click', $1, $2, 'true')`,
        [known.predictionId, new Date(known.predictedAtMs).toISOString()],
      );
      return build('first');
    });
    await log.client.query(
      `insert into larder.predictions (prediction_id, predicted_at, project, model, version, entities, request, outputs,
         degraded, degraded_reasons, views, latency_us)
       select $1, predicted_at, project, model, version, entities, request, outputs, degraded, degraded_reasons, views,
         latency_us from larder.predictions where prediction_id = $2`,
      [late.predictionId, known.predictionId],
    );
    return built;
  });
  expect(manifest.spine.rows).toBe(1);
  expect(await buildAgain(deps, { manifest, folder: join(folder, 'again') })).toMatchObject({
    content_sha256: manifest.content_sha256,
  });
  expect((await build('later')).spine.rows).toBe(2);
});
