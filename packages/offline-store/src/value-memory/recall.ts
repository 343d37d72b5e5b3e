import { sql } from 'kysely';
import type { OfflineStore } from '../offline-store.ts';

/** Whose values are asked for. */
export interface MemoryScope {
  readonly project: string;
  /** SHA-256 over everything that decides the values of a content. */
  readonly computation: Uint8Array;
  /** Of the run that asks. */
  readonly revision: number;
  /** True in a forced run: values that other runs computed do not count. */
  readonly forced: boolean;
}

export interface RecalledContent {
  readonly addressHash: Buffer;
  readonly contentSha256: Buffer;
  readonly etag: string | null;
  readonly lastModified: string | null;
  /** True when the same run asked the address within the last hour. */
  readonly current: boolean;
  /** Null: there are none for this computation. */
  readonly values: Buffer | null;
}

/** What is remembered of these addresses; those that are unknown are left out. */
export async function recallContents(
  store: Pick<OfflineStore, 'db'>,
  scope: MemoryScope,
  addressHashes: readonly Uint8Array[],
): Promise<RecalledContent[]> {
  const { rows } = await sql<RecalledContent>`
    select c.address_hash as "addressHash", c.content_sha256 as "contentSha256", c.etag,
      c.last_modified as "lastModified", v.values,
      c.revision = ${scope.revision} and c.checked_at > now() - interval '1 hour' as current
    from larder.remembered_contents c
    left join larder.remembered_values v on v.project = c.project and v.content_sha256 = c.content_sha256
      and ${usable(scope)}
    where c.project = ${scope.project} and c.address_hash = any(${addressHashes}::bytea[])`.execute(store.db);
  return rows;
}

export interface RecalledValues {
  readonly contentSha256: Buffer;
  readonly values: Buffer;
}

/** The values of these contents; those without are left out. */
export async function recallValues(
  store: Pick<OfflineStore, 'db'>,
  scope: MemoryScope,
  contents: readonly Uint8Array[],
): Promise<RecalledValues[]> {
  const { rows } = await sql<RecalledValues>`
    select v.content_sha256 as "contentSha256", v.values from larder.remembered_values v
    where v.project = ${scope.project} and v.content_sha256 = any(${contents}::bytea[]) and ${usable(scope)}`.execute(
    store.db,
  );
  return rows;
}

function usable({ computation, forced, revision }: MemoryScope) {
  return sql`v.computation = ${Buffer.from(computation)} and (not ${forced}::boolean or v.revision = ${revision})`;
}
