import type { SourceDescriptor, SourceManifest, SourceProblem } from '@larder/features';
import { z } from 'zod';

/** Rows from a query on a named PostgreSQL connection. */
export interface SqlSource extends SourceDescriptor {
  readonly kind: 'sql';
  readonly connection: string;
  /** Selects the join keys, an event timestamp and what `compute` or the schema needs; no trailing semicolon. */
  readonly query: string;
  /** @default 'event_timestamp' */
  readonly eventTimestampColumn: string;
  /** When the source knew the row; without it: event timestamp + the view's `availableAfter`. */
  readonly createdTimestampColumn: string | null;
  readonly manifest: SqlSourceManifest;
}

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

export interface SqlSourceOptions {
  readonly connection: string;
  readonly query: string;
  readonly eventTimestampColumn?: string;
  readonly createdTimestampColumn?: string;
}

export function sqlSource(options: SqlSourceOptions): SqlSource {
  const source = {
    kind: 'sql' as const,
    connection: options.connection,
    query: options.query.trim(),
    eventTimestampColumn: options.eventTimestampColumn ?? 'event_timestamp',
    createdTimestampColumn: options.createdTimestampColumn ?? null,
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
