import { sql } from 'kysely';
import type { RegistryStore } from '../registry-store.ts';

/** Larger objects are not hashed by PostgreSQL, which needs memory for all of their bytes. */
const HASHED_BYTES = 64 * 2 ** 20;

/**
 * Those of the objects whose bytes are there: every part, and up to 64 MiB with the hash. Rows of objects in a bucket count
 * as they are.
 */
export async function wholeObjects(store: RegistryStore, sha256s: readonly string[]): Promise<Set<string>> {
  if (sha256s.length === 0) return new Set();
  const { rows } = await sql<{ sha256: string }>`
    select o.sha256 from larder.objects o
    where o.sha256 = any (${sha256s}) and (o.backend <> 'postgresql' or (
      select coalesce(sum(octet_length(p.bytes)), 0) = o.size_bytes
        and (o.size_bytes > ${HASHED_BYTES} or o.sha256 = encode(sha256(coalesce(
          string_agg(p.bytes, ''::bytea order by p.part) filter (where o.size_bytes <= ${HASHED_BYTES}),
          ''::bytea)), 'hex'))
      from larder.object_parts p where p.sha256 = o.sha256))`.execute(store.db);
  return new Set(rows.map(({ sha256 }) => sha256));
}
