import { jsonPointer, LarderError, NAME_PATTERN, parseDurationMs } from '@larder/core';
import { z } from 'zod';
import type { Manifest } from './manifest.ts';
import { MAX_TENSOR_NAME } from './named-inputs.ts';
import { DEFAULT_EVENT_HORIZON } from '../definition/project.ts';

const name = z.string().regex(NAME_PATTERN);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
/** `ast-1:<hex>` names its algorithm; releases before wrote the bare hash. */
const codeIdentity = z.string().regex(/^(?:[a-z][a-z0-9-]{0,15}:)?[0-9a-f]{64}$/);
const tags = z.record(z.string(), z.string());
const owner = z.string().nullable();

const field = z.strictObject({
  name,
  type: z.enum(['float32', 'float64', 'int64', 'bool', 'string', 'timestamp', 'vector', 'json']),
  length: z.int().positive().optional(),
  safe: z.boolean().optional(),
  default: z.unknown().optional(),
  constant: z.string().optional(),
  sensitive: z.enum(['hashed', 'omitted']).optional(),
});
const fields = z.array(field);
const artifact = z.strictObject({ path: z.string(), sha256 });
const input = z.strictObject({
  view: name,
  version: z.int().positive().nullable(),
  features: z.array(name),
  tensor: z.string().min(1).max(MAX_TENSOR_NAME).optional(),
});

const duration = z.int().positive();
const sourceManifest = z.looseObject({
  kind: name,
  connection: name.optional(),
  event_timestamp_column: z.string(),
  created_timestamp_column: z.string().nullable(),
});

const windowed = z.strictObject({
  event_source: name,
  windows: z.array(z.strictObject({ name: z.string(), window_ms: duration, hop_ms: duration })),
  aggregates: z.array(
    z.strictObject({
      name,
      function: z.enum(['count', 'sum', 'mean', 'min', 'max', 'last', 'approximate_distinct']),
      field: name.nullable(),
      where: z.array(
        z.strictObject({
          field: name,
          operator: z.enum(['in', 'gte', 'gt', 'lte', 'lt']),
          values: z.array(z.unknown()),
        }),
      ),
    }),
  ),
});

const eventSource = z.strictObject({
  name,
  schema: fields,
  retention_ms: z.union([duration, z.literal('forever')]),
  backfill: sourceManifest.nullable(),
  fingerprint: sha256,
});

const featureView = z.strictObject({
  name,
  version: z.int().positive(),
  entity: name,
  ttl_ms: z.union([z.int().positive(), z.literal('forever')]),
  schedule: z
    .union([
      z.string(),
      z.strictObject({
        cron: z.string(),
        time_zone: z.string(),
        missed: z.enum(['once', 'skip']),
        late_after_ms: z.int().positive().optional(),
      }),
    ])
    .nullable(),
  available_after_ms: z.int().nonnegative(),
  chunk_rows: z.int().positive(),
  when_gone: z.strictObject({ at_most: z.number().min(0).max(1) }).optional(),
  retention_ms: z.int().positive().optional(),
  freshness_objective_ms: z.int().positive().optional(),
  partial_push: z.record(name, z.enum(['keep', 'null'])).optional(),
  // The kind checks the rest when the source is opened: a process that never opens it does not need to know the kind.
  source: sourceManifest,
  schema: fields,
  compute: z
    .strictObject({
      kind: z.string(),
      options: z.record(z.string(), z.unknown()),
      artifacts: z.record(z.string(), artifact),
      code_sha256: codeIdentity.nullable(),
    })
    .nullable(),
  windowed: windowed.optional(),
  owner,
  tags,
  fingerprint: sha256,
  schema_fingerprint: z.int().min(0).max(0xffff_ffff),
});

const onDemandFeatureView = z.strictObject({
  name,
  outputs: fields.optional(),
  request: fields,
  inputs: z.array(input),
  schema: fields,
  code_sha256: codeIdentity,
});

const model = z.strictObject({
  name,
  inputs: z.array(input),
  outputs: fields,
  postprocess: name.optional(),
  artifact,
  missing: z.union([z.literal('nan'), z.number()]),
  when_store_unavailable: z.enum(['defaults', 'fail']),
  deadline_ms: z.int().positive(),
  mode: z.enum(['precomputed', 'precomputed_or_live']).optional(),
  budget: z
    .strictObject({
      max_latency_ms: z.number().positive().optional(),
      max_memory_mb: z.number().positive().optional(),
    })
    .optional(),
  coverage: z.number().min(0).max(1).optional(),
  label: z
    .strictObject({
      name,
      horizon_ms: z.int().positive(),
      on_silence: z.enum(['negative', 'leave_out']),
      attribution: z.union([
        z.literal('prediction_id'),
        z.strictObject({ entity: name, window_ms: z.int().positive() }),
      ]),
    })
    .optional(),
  owner,
  tags,
});

const manifest = z.strictObject({
  format: z.literal(1),
  project: name,
  connections: z.array(name),
  allowed_hosts: z.array(z.string()),
  // Manifests applied before projects declared it lack this.
  event_horizon_ms: z.int().positive().default(parseDurationMs(DEFAULT_EVENT_HORIZON)),
  entities: z.record(z.string(), z.strictObject({ name, join_keys: fields })),
  event_sources: z.record(z.string(), eventSource).optional(),
  feature_views: z.record(z.string(), featureView),
  on_demand_feature_views: z.record(z.string(), onDemandFeatureView),
  models: z.record(z.string(), model),
});

/**
 * A manifest from JSON that another process wrote (the registry, `POST /v1/apply`).
 * @throws MANIFEST_INVALID with a pointer for every member that does not fit
 */
export function parseManifest(json: unknown): Manifest {
  const result = manifest.safeParse(json);
  if (result.success) return result.data as Manifest;
  const errors = result.error.issues.map(({ path, message }) => ({
    pointer: jsonPointer(path),
    detail: message,
  }));
  throw new LarderError('MANIFEST_INVALID', 'This version of Larder does not understand the manifest.', {
    errors,
  });
}
