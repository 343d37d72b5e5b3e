import { z } from 'zod';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const instant = z.iso.datetime({ offset: true });
const cutOff = z.enum(['created', 'online']);
const engine = z.enum(['postgresql', 'duckdb']);

export const PARTS = ['train', 'validation', 'test'] as const;

const spineSource = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('file'), path: z.string(), format: z.enum(['parquet', 'csv', 'arrow']) }),
  z.object({ kind: z.literal('sql'), connection: z.string(), query: z.string() }),
  z.object({
    kind: z.literal('predictions'),
    model: z.string(),
    version: z.number().nullable(),
    label: z.string().nullable(),
    from: instant.nullable(),
    to: instant.nullable(),
    labels_as_of: instant.nullable(),
  }),
]);

const split = z.discriminatedUnion('by', [
  z.object({
    by: z.literal('time'),
    shares: z.array(z.number()),
    /** The first instant of each part after `train`. */
    boundaries: z.array(instant),
  }),
  z.object({
    by: z.literal('group'),
    shares: z.array(z.number()),
    column: z.string(),
    seed: z.int(),
  }),
]);

/** `manifest.json`, the statement of what a training set holds; docs/reference/training-set.md is its specification. */
export const trainingSetManifest = z.object({
  format: z.literal(1),
  training_set_id: z.uuid(),
  /** The set that this one was built again from. */
  again_of: z.uuid().nullable(),
  project: z.string(),
  created_at: instant,
  larder_version: z.string(),
  model: z
    .object({
      name: z.string(),
      version: z.int(),
      /** Of a model that takes several inputs: the features of each by its name. */
      inputs: z.record(z.string(), z.array(z.string())).optional(),
    })
    .nullable(),
  features: z.array(
    z.object({
      /** Name of the column: `view:feature`, or `view@2:feature` where two versions of one view are asked for. */
      name: z.string(),
      view: z.string(),
      /** Null for on-demand features. */
      version: z.int().nullable(),
      type: z.enum(['float32', 'float64', 'int64', 'bool', 'string', 'timestamp', 'vector', 'json']),
      length: z.int().optional(),
      source: z.enum(['history', 'on_demand']),
      /** Rows without a value, after defaults. */
      nulls: z.int(),
      /** Rows whose value is the declared default. */
      defaults_used: z.int(),
      /** Rows for which the view has no row that they may see. */
      not_found: z.int(),
      outside_max_age: z.int(),
    }),
  ),
  views: z.array(
    z.object({
      ref: z.string(),
      fingerprint: z.string(),
      ttl_ms: z.union([z.number(), z.literal('forever')]),
    }),
  ),
  on_demand: z.array(z.object({ name: z.string(), code: z.string() })),
  cut_off: cutOff,
  history: z.object({
    /** Only rows that landed before it were read. */
    landed_before: instant,
    /** The newest revision among the runs of the project. */
    revision: z.int(),
  }),
  spine: z.object({
    source: spineSource,
    time_column: z.string(),
    /** Of the rows as read, in any order: see the specification. */
    sha256,
    rows: z.int(),
    columns: z.array(
      z.object({
        name: z.string(),
        type: z.string(),
        role: z.enum(['key', 'time', 'request', 'passed']),
      }),
    ),
    from: instant,
    to: instant,
    /** Times without a zone were read as UTC. */
    utc_assumed: z.boolean(),
  }),
  split: split.nullable(),
  engine: z.object({ name: engine, asked: z.enum(['auto', 'postgresql', 'duckdb']), why: z.string() }),
  files: z.array(
    z.object({
      part: z.enum(['all', ...PARTS]),
      path: z.string(),
      format: z.enum(['parquet', 'csv']),
      rows: z.int(),
      size_bytes: z.int(),
      sha256,
    }),
  ),
  /** Of all rows, in any order. */
  content_sha256: sha256,
});

export type TrainingSetManifest = z.infer<typeof trainingSetManifest>;
export type ManifestFeature = TrainingSetManifest['features'][number];
export type SpineColumn = TrainingSetManifest['spine']['columns'][number];
