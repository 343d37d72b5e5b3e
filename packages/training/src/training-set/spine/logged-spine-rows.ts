import { formatDurationMs, LarderError } from '@larder/core';
import type { FieldManifest, Manifest } from '@larder/features';
import { loggedSpine, type LabelPolicy, type OfflineStore } from '@larder/offline-store';
import type { LoggedPredictions } from '../training-set-request.ts';
import type { GivenColumn } from './spine-column.ts';
import type { SpineRows } from './write-spine-file.ts';

export interface LoggedSpineOptions {
  readonly store: OfflineStore;
  readonly manifest: Manifest;
  readonly joinKeys: readonly FieldManifest[];
  readonly requestFields: readonly FieldManifest[];
  readonly timeColumn: string;
  readonly asOf: Date;
  readonly signal: AbortSignal;
}

const TYPES = {
  int64: 'BIGINT',
  microseconds: 'BIGINT',
  uuid: 'VARCHAR',
  float64: 'DOUBLE',
  bool: 'BOOLEAN',
  string: 'VARCHAR',
  json: 'VARCHAR',
} as const;

/** Logged predictions, with their labels if one is asked for. @throws REQUEST_INVALID for a label that the model lacks */
export async function loggedSpineRows(
  source: LoggedPredictions,
  options: LoggedSpineOptions,
): Promise<SpineRows> {
  const { store, manifest, joinKeys, requestFields, timeColumn, asOf, signal } = options;
  const keys = new Set(joinKeys.map(({ name }) => name));
  const label = source.label === null ? null : labelPolicy(manifest, source.model, source.label);
  const { columns, rows } = await loggedSpine(store, {
    project: manifest.project,
    model: source.model,
    ...(source.version !== null && { version: source.version }),
    ...(source.from !== null && { from: new Date(source.from) }),
    ...(source.to !== null && { to: new Date(source.to) }),
    keys: joinKeys,
    request: requestFields.filter(({ name }) => !keys.has(name)),
    label,
    asOf,
    signal,
  });
  return {
    columns: columns.map(({ name, role, type }): GivenColumn => {
      if (role === 'time') return { name: timeColumn, type: TYPES[type], coded: 'microseconds' };
      return { name, type: TYPES[type], ...(type === 'json' && { coded: 'json' }) };
    }),
    skip: new Set(columns.flatMap(({ role }, i) => (role === 'row' ? [i] : []))),
    rows,
    called: called(source, label),
  };
}

/** As the subject of errors: an empty log is often one whose predictions are younger than the label's horizon. */
function called({ model, version }: LoggedPredictions, label: LabelPolicy | null): string {
  const log = `the log of ${version === null ? model : `${model}@${version}`}`;
  if (label === null) return log;
  const silent = label.onSilence === 'leave_out' ? ', with a label' : '';
  return `${log} (predictions made more than ${formatDurationMs(label.horizonMs)} ago, the horizon of ${label.name}${silent})`;
}

function labelPolicy(manifest: Manifest, model: string, name: string): LabelPolicy {
  const label = Object.hasOwn(manifest.models, model) ? manifest.models[model]?.label : undefined;
  if (label?.name !== name)
    throw new LarderError(
      'REQUEST_INVALID',
      label === undefined
        ? `${model} declares no label; add label: { name: '${name}', … } to its definition and apply it.`
        : `${model} declares the label ${label.name}, not ${name}.`,
    );
  const { attribution } = label;
  return {
    name,
    horizonMs: label.horizon_ms,
    onSilence: label.on_silence,
    attribution:
      attribution === 'prediction_id'
        ? attribution
        : { entity: attribution.entity, windowMs: attribution.window_ms },
  };
}
