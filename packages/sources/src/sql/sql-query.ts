import type { SourceContext } from '../source-context.ts';
import type { SqlSourceManifest } from './definition.ts';
import type { SqlConnection } from './sql-connection.ts';
import { identifier, SOURCE_ALIAS } from './sql-text.ts';

/** A view's query and what the queries around it need to know. */
export interface SqlQuery {
  readonly connection: SqlConnection;
  /** The query as a table expression with its alias. */
  readonly from: string;
  /** Columns of the join keys, in the entity's order. */
  readonly joinKeys: readonly string[];
  readonly eventTimestamp: string;
  /** Columns that it must return. */
  readonly required: readonly string[];
  /** Those of them that are features. */
  readonly features: SourceContext['features'];
  /** Keys, event and created timestamp, as an `order by` list. */
  readonly order: string;
}

export function sqlQuery(
  source: SqlSourceManifest,
  connection: SqlConnection,
  { joinKeys, features, constantKeys = {} }: Pick<SourceContext, 'joinKeys' | 'features' | 'constantKeys'>,
): SqlQuery {
  const created = source.created_timestamp_column;
  const ordered = [...joinKeys, source.event_timestamp_column, ...(created === null ? [] : [created])];
  return {
    connection,
    from: `(\n${withConstants(source.query, constantKeys)}\n) as ${SOURCE_ALIAS}`,
    joinKeys,
    eventTimestamp: source.event_timestamp_column,
    required: [...ordered, ...features.map(({ name }) => name)],
    features,
    order: ordered.map(identifier).join(', '),
  };
}

/** Names are the manifest's: lower-case letters, digits and underscores. */
function withConstants(query: string, constants: Readonly<Record<string, string>>): string {
  const columns = Object.entries(constants).map(
    ([name, value]) => `, '${value}'::text as ${identifier(name)}`,
  );
  return columns.length === 0
    ? query
    : `select larder_query.*${columns.join('')} from (\n${query}\n) as larder_query`;
}
