import { LarderError, systemClock } from '@larder/core';
import { entityKey, parseEntityKey } from '@larder/features';
import { findPrediction, findPredictions, loggedKeys, outputHistogram } from '@larder/offline-store';
import { versionManifest } from '@larder/registry';
import { createPredictor, loadRunner, predictionJson, showPrediction } from '@larder/serving';
import { predictionAnswer } from '../../predict/prediction-answer.ts';
import type { Session } from '../../session.ts';
import { wrongUsage } from '../../verb.ts';
import type { PredictionsControl, PredictionsFilter } from '../control.ts';
import { servedPlan } from './served-plan.ts';

/** A cold process first loads, connects and compiles: the model's own deadline is meant for the service. */
const DEADLINE_MS = 10_000;

/** Predicts in this process, without a log entry, and reads the log in PostgreSQL. */
export function directPredictions(session: Session): PredictionsControl {
  const { artifacts, manifest, offlineStore, onlineStore, projectName } = session;
  return {
    inputs: (asked) => servedPlan(session, asked),
    async predict({ model, version, row, features, mode }) {
      const plan = await servedPlan(session, { model, version });
      const runner = await loadRunner({
        folder: await (await artifacts()).folder(plan.model.artifact.sha256),
        model: plan.model,
        width: plan.width,
        tensors: plan.tensors,
        placement: 'inline',
      });
      try {
        const predictor = createPredictor({
          plan,
          onlineStore: await onlineStore(),
          runner,
          predictionLog: null,
          clock: systemClock,
        });
        const predictions = await predictor.predict({ rows: [row], deadlineMs: DEADLINE_MS, features, mode });
        const fields = plan.shown.map(
          (shown) => [shown.ref, 'field' in shown ? shown.field : shown.feature.field] as const,
        );
        return {
          answer: predictionAnswer(predictions, { model, version: plan.version }),
          fields: () => Promise.resolve(new Map(fields)),
        };
      } finally {
        await runner.close();
      }
    },
    async find(filter, { limit, histogram }) {
      const project = await projectName();
      const store = await offlineStore();
      const { entity: _, key: __, ...rest } = filter;
      const wanted = { ...rest, project, entityKeys: await entityKeysOf(filter) };
      const page = await findPredictions(store, wanted, { limit });
      const counted = histogram === undefined ? null : await outputHistogram(store, wanted, histogram);
      return {
        predictions: page.predictions.map(predictionJson),
        cursor: page.cursor,
        ...(counted !== null && { histogram: counted }),
      };
    },
    async show(id) {
      const project = await projectName();
      const store = await offlineStore();
      const logged = await findPrediction(store, { project, predictionId: id });
      if (logged === null)
        throw new LarderError(
          'PREDICTION_NOT_FOUND',
          `The log has no prediction ${id}. Entries are written within a second of the answer, and dropped with their month.`,
        );
      const { model, version } = logged;
      const applied = await manifest();
      const definition = await versionManifest(store, { project, model, version }, applied);
      return showPrediction(store, logged, { manifest: definition, applied });
    },
  };

  async function entityKeysOf({ entity: name, key }: PredictionsFilter): Promise<string[] | undefined> {
    if (name === undefined || key === undefined) return undefined;
    const { entities } = await manifest();
    const entity = Object.hasOwn(entities, name) ? entities[name] : undefined;
    if (entity === undefined)
      throw wrongUsage('predictions', [
        { pointer: '--entity', detail: `must be one of ${Object.keys(entities).join(', ') || 'none'}` },
      ]);
    const canonical = entityKey(entity, parseEntityKey(entity, key));
    return loggedKeys(await offlineStore(), await projectName(), { entity: name, key: canonical });
  }
}
