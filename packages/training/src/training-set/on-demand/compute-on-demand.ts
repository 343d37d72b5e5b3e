import type { Duckdb } from '@larder/archive';
import { isLarderError, LarderError } from '@larder/core';
import {
  createRowEvaluator,
  type FieldManifest,
  type FieldValue,
  type OnDemandInputs,
  type OnDemandResult,
} from '@larder/features';
import type { ResolvedFeatures } from '../features/resolve-features.ts';
import { storedType } from '../output/stored-value.ts';
import type { LoadedSpine } from '../spine/load-spine.ts';
import { spineName } from '../spine/spine-column.ts';
import { fromDuckdb, type Convert } from './from-duckdb.ts';

export interface ComputeOnDemandOptions {
  readonly features: ResolvedFeatures;
  readonly spine: LoadedSpine;
  readonly signal: AbortSignal;
  readonly onRows: (rows: number) => void;
}

interface StoredColumn {
  /** Place in the rows of `query`. */
  readonly at: number;
  readonly convert: Convert;
}

/** Yields to the event loop after so many rows, so that an abort is seen. */
const BATCH_ROWS = 2_048;

/**
 * Runs the on-demand functions for every row, as a prediction would at that instant, and keeps their results in the
 * table `computed`: `row`, then one column per on-demand feature of the set, null where the function gave none.
 * @throws ON_DEMAND_FAILED with the row
 */
export async function computeOnDemand(duckdb: Duckdb, options: ComputeOnDemandOptions): Promise<void> {
  const { features, spine, signal, onRows } = options;
  const outputs = features.columns.filter((column) => column.kind === 'on_demand');
  const types = outputs.map(({ field }, i) => `d${i} ${storedType(field)}`);
  await duckdb.run(`create table computed (row BIGINT, ${types.join(', ')})`);
  const inputs = new RowInputs(features);
  const evaluator = createRowEvaluator(features.onDemand, inputs);
  const writer = await duckdb.connect();
  const appender = await writer.connection.createAppender('computed', 'main', 'work');
  const append = outputs.map(({ field }, i) => appendAs(field, i + 1));
  let done = 0;
  try {
    const result = await duckdb.connection.stream(inputs.query(spine));
    for await (const rows of result.yieldRowsJs()) {
      signal.throwIfAborted();
      for (const row of rows) {
        const failed = evaluator.evaluate(inputs.moveTo(row));
        if (failed !== null) throw failedRow(failed, Number(row[0]));
        appender.appendBigInt(row[0] as bigint);
        for (const [i, output] of outputs.entries()) {
          const value =
            (evaluator.results[output.onDemandView] as OnDemandResult)[output.feature.name] ?? null;
          if (value === null) appender.appendNull();
          else (append[i] as Append)(appender, value);
        }
        appender.endRow();
        done += 1;
        if (done % BATCH_ROWS === 0) onRows(done);
      }
    }
    appender.flushSync();
  } finally {
    appender.closeSync();
  }
  onRows(done);
}

/** The inputs of the functions for one row of `query`. */
class RowInputs implements OnDemandInputs {
  readonly #features: ResolvedFeatures;
  readonly #request: readonly Convert[];
  readonly #stored: readonly (readonly StoredColumn[])[];
  #row: readonly unknown[] = [];
  #before: readonly unknown[] = [];

  constructor(features: ResolvedFeatures) {
    this.#features = features;
    this.#request = features.requestFields.map((field) => fromDuckdb(field));
    let at = 1 + features.requestFields.length;
    this.#stored = features.onDemand.storedViews.map((view) =>
      view.features.map((field) => ({ at: at++, convert: fromDuckdb(field) })),
    );
  }

  query(spine: LoadedSpine): string {
    const { requestFields, storedPlaces, groups } = this.#features;
    const requests = requestFields.map((field) => {
      const place = spine.columns.findIndex(
        ({ name, role }) => name === field.name && (role === 'request' || role === 'key' || role === 'time'),
      );
      const value = `s.${spineName(place)}`;
      return field.type === 'timestamp' ? `epoch_ms(${value})` : value;
    });
    const stored = storedPlaces.flatMap((places) =>
      places.map(({ group, view, feature }) => `j${group}.v${view}_f${feature}`),
    );
    const read = new Set(storedPlaces.flatMap((places) => places.map(({ group }) => group)));
    const joins = groups.flatMap((_, g) => (read.has(g) ? [`left join joined_${g} j${g} using (row)`] : []));
    return `select row, ${[...requests, ...stored].join(', ')} from spine s ${joins.join(' ')}`.replace(
      /, +from/,
      ' from',
    );
  }

  /** True when the row has the same request fields as the row before it. */
  moveTo(row: readonly unknown[]): boolean {
    this.#before = this.#row;
    this.#row = row;
    const { length } = this.#request;
    if (this.#before.length === 0) return false;
    for (let i = 1; i <= length; i++) if (!Object.is(row[i], this.#before[i])) return false;
    return true;
  }

  requestField(place: number): FieldValue {
    return (this.#request[place] as Convert)(this.#row[1 + place]);
  }

  storedFeature(view: number, place: number): FieldValue {
    const { at, convert } = (this.#stored[view] as readonly StoredColumn[])[place] as StoredColumn;
    const value = this.#row[at];
    return value === null ? null : convert(value);
  }
}

type Appender = Awaited<ReturnType<Duckdb['connection']['createAppender']>>;
type Append = (appender: Appender, value: Exclude<FieldValue, null>) => void;

type ListType = NonNullable<Parameters<Appender['appendList']>[1]>;

function appendAs({ type }: FieldManifest, column: number): Append {
  switch (type) {
    case 'float32':
      return (appender, value) => appender.appendFloat(value as number);
    case 'float64':
      return (appender, value) => appender.appendDouble(value as number);
    case 'int64':
      return (appender, value) => appender.appendBigInt(BigInt(value as number | bigint));
    case 'bool':
      return (appender, value) => appender.appendBoolean(value as boolean);
    case 'string':
      return (appender, value) => appender.appendVarchar(value as string);
    case 'timestamp':
      return (appender, value) => appender.appendBigInt(BigInt((value as Date).getTime()));
    case 'vector':
      return (appender, value) =>
        appender.appendList([...(value as Float32Array)], appender.columnType(column) as ListType);
    case 'json':
      return (appender, value) => appender.appendVarchar(JSON.stringify(value));
  }
}

function failedRow(error: LarderError, row: number): LarderError {
  const cause = isLarderError(error) && error.cause instanceof Error ? ` ${error.cause.message}` : '';
  return new LarderError('ON_DEMAND_FAILED', `Row ${row + 1} of the spine: ${error.message}${cause}`, {
    cause: error,
  });
}
