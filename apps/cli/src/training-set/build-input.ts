import { extname, resolve } from 'node:path';
import type { SpineFormat, SpineSource, SplitRequest, SplitShares } from '@larder/training';
import { z } from 'zod';
import type { TrainingSetAsked } from '../control/control.ts';
import { wrongUsage } from '../verb.ts';

const instant = z.iso.datetime({
  offset: true,
  error: 'must be an instant with an offset, such as 2026-11-20T00:00:00Z',
});

export const buildInput = z.object({
  model: z.string().optional(),
  features: z.string().optional(),
  spine: z.string().optional(),
  sql: z.string().optional(),
  connection: z.string().optional(),
  predictions: z.string().optional(),
  label: z.string().optional(),
  from: z.string().optional(),
  to: z.string().optional(),
  time: z.string().optional(),
  asServed: z.boolean().default(false),
  engine: z.enum(['auto', 'postgresql', 'duckdb'], 'must be auto, postgresql or duckdb').default('auto'),
  split: z.string().optional(),
  format: z.enum(['parquet', 'csv'], 'must be parquet or csv').default('parquet'),
  out: z.string().optional(),
});

const FORMATS: Readonly<Record<string, SpineFormat>> = {
  '.parquet': 'parquet',
  '.csv': 'csv',
  '.arrows': 'arrow',
};

export type BuildInput = z.infer<typeof buildInput>;

/** `ad_ctr`, `ad_ctr@2` */
export function modelOf(text: string): { readonly model: string; readonly version: string | undefined } {
  const [model = '', version] = text.split('@');
  return { model, version };
}

/** @throws REQUEST_INVALID unless exactly one of --model and --features is given */
export function featuresOf({ model, features }: BuildInput): TrainingSetAsked['features'] {
  if ((model === undefined) === (features === undefined))
    throw wrong('--model, --features', 'name the features by exactly one of them');
  if (model !== undefined) return { model };
  return { references: (features ?? '').split(',').map((reference) => reference.trim()) };
}

/** @throws REQUEST_INVALID unless exactly one source of rows is given */
export function spineOf(input: BuildInput): SpineSource {
  const { spine, sql, predictions } = input;
  if ([spine, sql, predictions].filter((each) => each !== undefined).length !== 1)
    throw wrong('--spine, --sql, --predictions', 'name the rows by exactly one of them');
  if (predictions === undefined && (input.label ?? input.to) !== undefined)
    throw wrong('--label, --from, --to', 'need --predictions');
  if (spine !== undefined) {
    const format = FORMATS[extname(spine).toLowerCase()];
    if (format === undefined)
      throw wrong('--spine', 'must be a .parquet, .csv or .arrows (Arrow stream) file');
    return { kind: 'file', path: resolve(spine), format };
  }
  if (sql !== undefined) {
    if (input.connection === undefined) throw wrong('--sql', 'needs --connection');
    return { kind: 'sql', connection: input.connection, query: sql };
  }
  const { model, version } = modelOf(predictions as string);
  if (version !== undefined && !/^\d+$/.test(version))
    throw wrong('--predictions', 'must be MODEL or MODEL@VERSION, with the number of the version');
  return {
    kind: 'predictions',
    model,
    version: version === undefined ? null : Number(version),
    label: input.label ?? null,
    from: instantOf('--from', input.from),
    to: instantOf('--to', input.to),
    labelsAsOf: null,
  };
}

function instantOf(pointer: string, text: string | undefined): string | null {
  if (text === undefined) return null;
  if (!instant.safeParse(text).success)
    throw wrong(pointer, 'must be an instant with an offset, such as 2026-11-20T00:00:00Z');
  return text;
}

/** `time:0.8,0.1,0.1` or `group:ad_id:0.8,0.2`. @throws REQUEST_INVALID */
export function splitOf(text: string | undefined): SplitRequest | null {
  if (text === undefined) return null;
  const [, by, column, list = ''] = /^(?:(time)|group:([^:]+)):([\d.,]+)$/.exec(text) ?? [];
  const shares = list.split(',').map(Number) as unknown as SplitShares;
  if ((shares.length !== 2 && shares.length !== 3) || shares.some((share) => !(share > 0)))
    throw wrong('--split', 'must be time:SHARES or group:COLUMN:SHARES, with shares such as 0.8,0.1,0.1');
  return by === undefined ? { by: 'group', column: column as string, shares } : { by: 'time', shares };
}

function wrong(pointer: string, detail: string) {
  return wrongUsage('training-set', [{ pointer, detail }]);
}
