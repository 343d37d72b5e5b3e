import { isLarderError } from '@larder/core';
import {
  decodeJsonValue,
  encodeJsonValue,
  entityKey,
  importBundle,
  type Computation,
  type ComputationContext,
  type ComputationModule,
  type FieldManifest,
  type FieldValue,
  type JsonValue,
  type Manifest,
  type OnDemandFunction,
  type PredictionManifest,
  type RowOutcome,
  type SourceRow,
} from '@larder/features';
import { compileRead, compileRowCodec, type RowOrNull } from '@larder/online-store';
import {
  compilePlan,
  createPredictor,
  loadRunner,
  type CompiledPlan,
  type Predictions,
} from '@larder/serving';
import { PARENTS_COLUMN } from '@larder/sources';

/** Options of the computation: a version of a model, and the request to answer for every row. */
export interface PredictionOptions {
  readonly model: string;
  readonly version: number;
  /** Content of the version, with the live policies. */
  readonly manifest: Manifest;
  /** Bundles of its functions, by name. */
  readonly code: Readonly<Record<string, string>>;
  readonly request: PredictionManifest['request'];
}

type ParentRows = Readonly<
  Record<
    string,
    {
      readonly values: Readonly<Record<string, FieldValue>>;
      readonly eventTimestampMs: number;
      readonly createdTimestampMs: number;
    } | null
  >
>;

/** A batch is computed without waiting for anything: this only must be longer than any. */
const DEADLINE_MS = 3_600_000;

/**
 * Predictions for rows of history, by the code that answers requests: each row is packed as the online store has it, and
 * read by the plan of the version as of the row's instant. So they equal what a request at that instant would have got.
 */
async function createComputation({ options, artifactPaths }: ComputationContext): Promise<Computation> {
  const given = options as unknown as PredictionOptions;
  const plan = await planOf(given);
  const { width, tensors, model } = plan;
  const runner = await loadRunner({
    folder: artifactPaths['model'] as string,
    model,
    width,
    tensors,
    placement: 'inline',
  });
  const pack = compilePack(plan);
  return {
    async compute(rows) {
      const instant = rows[0]?.['event_timestamp'] as Date;
      const packed = pack(rows);
      const request = requestAt(given.request, instant);
      const predictor = createPredictor({
        plan,
        runner,
        predictionLog: null,
        clock: { nowMs: () => instant.getTime() },
        onlineStore: {
          read: async (_, keysByGroup) =>
            keysByGroup.map((keys) => keys.flatMap((key) => packed.get(key) as RowOrNull[])),
        },
      });
      const predictions = await predictor.predict({
        rows: rows.map((row) => ({ entities: entitiesOf(plan, row) })),
        shared: { request },
        rowsPointer: '/rows',
        // The model may declare another for its callers.
        mode: 'live',
        deadlineMs: DEADLINE_MS,
      });
      return rows.map((_, at) => outcomeOf(plan, predictions, at));
    },
    close: () => runner.close(),
  };
}

async function planOf({ manifest, code, model, version }: PredictionOptions): Promise<CompiledPlan> {
  const functions = new Map<string, OnDemandFunction>();
  for (const [name, text] of Object.entries(code)) functions.set(name, await importBundle(text, name));
  return compilePlan({
    manifest: withoutWindows(manifest),
    functionOf: ({ name }) => functions.get(name) as OnDemandFunction,
    model,
    version,
    onlineStore: { compileRead: (groups) => compileRead(manifest.project, groups) },
  });
}

/** History gives the values of the windows at the instant, not their tiles. */
function withoutWindows(manifest: Manifest): Manifest {
  const views = Object.entries(manifest.feature_views).map(([ref, view]) => {
    const { windowed: _, ...plain } = view;
    return [ref, plain];
  });
  return { ...manifest, feature_views: Object.fromEntries(views) as Manifest['feature_views'] };
}

/** Rows as the online store would return them: by the key of the entity, one for each view of the plan. */
function compilePack({
  groups,
  views,
}: CompiledPlan): (rows: readonly SourceRow[]) => Map<string, RowOrNull[]> {
  const [group] = groups;
  if (group === undefined || groups.length > 1)
    throw new Error('Predictions are computed ahead for models whose stored features are of one entity.');
  const codecs = group.views.map((at) => {
    const view = views[at] as CompiledPlan['views'][number];
    return { name: view.view.name, codec: compileRowCodec(view.view) };
  });
  return (rows) =>
    new Map(
      rows.map((row) => {
        const parents = row[PARENTS_COLUMN] as ParentRows;
        const packed = codecs.map(({ name, codec }) => {
          const parent = parents[name] ?? null;
          return parent === null ? null : codec.encode({ ...parent, revision: 0 }, parent.values);
        });
        return [entityKey(group.entity, row as Record<string, FieldValue>), packed];
      }),
    );
}

function entitiesOf({ joinKeys }: CompiledPlan, row: SourceRow): Record<string, JsonValue> {
  return Object.fromEntries(
    joinKeys.map(({ name, field }) => [name, encodeJsonValue(field, row[name] as FieldValue)]),
  );
}

function requestAt(request: PredictionOptions['request'], instant: Date): Record<string, JsonValue> {
  return Object.fromEntries(
    Object.entries(request).map(([name, value]) => [
      name,
      value === 'run_time' ? instant.toISOString() : value.constant,
    ]),
  );
}

function outcomeOf(plan: CompiledPlan, { rows, outputs }: Predictions, at: number): RowOutcome {
  const row = rows[at];
  if (row === undefined) throw new Error('A row has no prediction.');
  if (isLarderError(row))
    return { failure: { code: row.code, reason: row.message, retryable: row.retryable } };
  const values: Record<string, FieldValue> = { model_version: plan.version };
  if (plan.postprocess === null)
    for (const { name } of plan.model.outputs) values[name] = finite(outputs[name]?.[row.place]);
  else
    for (const { name, field } of plan.postprocess.features)
      values[name] = decoded(field, row.outputs?.[name]);
  return { values };
}

/** JSON cannot express other numbers: callers get null for them. */
function finite(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null;
}

function decoded(field: FieldManifest, json: JsonValue | undefined): FieldValue {
  if (json === null || json === undefined) return null;
  const result = decodeJsonValue(field, json);
  if (!result.ok) throw new Error(`Output ${field.name} ${result.detail}.`);
  return result.value;
}

export default { createComputation } satisfies ComputationModule;
