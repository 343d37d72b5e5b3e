import type { Field, Fields, SourceDescriptor, SourceManifest, SourceProblem, T } from '@larder/features';
import { z } from 'zod';

/** Rows from a query on a named PostgreSQL connection. */
export interface SqlSource<Row = unknown> extends SourceDescriptor<Row> {
  readonly kind: 'sql';
  readonly connection: string;
  /** Selects the join keys, an event timestamp and what `compute` or the schema needs; no trailing semicolon. */
  readonly query: string;
  /** @default 'event_timestamp' */
  readonly eventTimestampColumn: string;
  /** When the source knew the row; without it: event timestamp + the view's `availableAfter`. */
  readonly createdTimestampColumn: string | null;
  /** As declared; not part of the manifest. */
  readonly columns: Fields;
  readonly manifest: SqlSourceManifest;
}

/** Columns of a query as a computation gets them: integers are bigint beyond 2^53, arrays are lists. */
export type SqlRow<Columns extends Fields> = {
  readonly [C in keyof Columns]: SqlValue<Columns[C]> | null;
};

type SqlValue<F extends Field> = F[typeof T]['value'] extends infer Value
  ? Value extends bigint
    ? number | bigint
    : Value extends Float32Array
      ? readonly number[]
      : Value
  : never;

export interface SqlSourceManifest extends SourceManifest {
  readonly kind: 'sql';
  readonly connection: string;
  readonly query: string;
}

export const sqlManifest = z.strictObject({
  kind: z.literal('sql'),
  connection: z.string(),
  query: z.string(),
  event_timestamp_column: z.string(),
  created_timestamp_column: z.string().nullable(),
});

export interface SqlSourceOptions<Columns extends Fields = Fields> {
  readonly connection: string;
  readonly query: string;
  readonly eventTimestampColumn?: string;
  readonly createdTimestampColumn?: string;
  /** Columns that a computation reads, for its types: `{ title: f.string() }`. Any may be null. */
  readonly columns?: Columns;
}

export function sqlSource<Columns extends Fields = never>(
  options: SqlSourceOptions<Columns>,
): SqlSource<[Columns] extends [never] ? unknown : SqlRow<Columns>> {
  const source = {
    kind: 'sql' as const,
    connection: options.connection,
    query: options.query.trim(),
    eventTimestampColumn: options.eventTimestampColumn ?? 'event_timestamp',
    createdTimestampColumn: options.createdTimestampColumn ?? null,
    columns: options.columns ?? {},
  };
  const manifest = {
    kind: source.kind,
    connection: source.connection,
    query: source.query,
    event_timestamp_column: source.eventTimestampColumn,
    created_timestamp_column: source.createdTimestampColumn,
  };
  return { ...source, manifest, problems: () => problemsOf(manifest) };
}

function problemsOf(source: SqlSourceManifest): SourceProblem[] {
  const problems: SourceProblem[] = [];
  const report = (option: string, detail: string) => void problems.push({ path: [option], detail });
  if (source.query === '')
    report('query', 'is empty; select the join keys, an event timestamp and the columns needed.');
  if (source.query.endsWith(';'))
    report('query', 'must not end with a semicolon: Larder wraps it in larger queries.');
  if (source.event_timestamp_column === '') report('event_timestamp_column', 'is empty.');
  if (source.created_timestamp_column === '')
    report('created_timestamp_column', 'is empty; leave it out where the source has none.');
  return problems;
}
