import { sql, type RawBuilder } from 'kysely';
import type { HistoryPlace } from '../history/history-table.ts';

/** The run whose keys are hashed; its revision is the seed, so that hashes of different runs cannot be compared. */
export interface SeenBy {
  readonly runId: string;
  readonly revision: number;
}

/** 64 bits over the join keys of the row with this alias. Two keys that share a hash only mean that one of them stays. */
export function keyHash({ keys }: HistoryPlace, alias: string, { revision }: SeenBy): RawBuilder<bigint> {
  const columns = sql.join(keys.map(({ name }) => sql.ref(`${alias}.${name}`)));
  return sql<bigint>`hash_record_extended(row(${columns}), ${revision}::bigint)`;
}
