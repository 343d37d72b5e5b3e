import { sql } from 'kysely';
import { erasedHashesAmong, holdOffErasures } from '../erasure/hold-off-erasures.ts';
import type { OfflineStore } from '../offline-store.ts';
import type { MemoryScope } from './recall.ts';

/** What one address gave to rows of these keys. */
export interface ContentToRemember {
  readonly addressHash: Uint8Array;
  readonly contentSha256: Uint8Array;
  /** Null: the content was not asked of the address now, and what is known of it stays. */
  readonly asked: { readonly etag: string | null; readonly lastModified: string | null } | null;
  /** Null: they are remembered already. */
  readonly values: Uint8Array | null;
  /** `keyHasher` of the keys whose rows use it. */
  readonly keyHashes: readonly Uint8Array[];
}

/** Larger values are computed again. */
export const MAX_VALUE_BYTES = 1024 ** 2;

/**
 * Remembers what a batch fetched and computed, in one transaction; nothing of an erased key, nor of a content that its row
 * shares with others in this batch.
 * @param entity name of the entity whose keys they are
 */
export async function remember(
  store: Pick<OfflineStore, 'transaction'>,
  { project, computation, revision }: MemoryScope,
  { entity, contents }: { readonly entity: string; readonly contents: readonly ContentToRemember[] },
): Promise<void> {
  await store.transaction(async (tx) => {
    const kept = (await holdOffErasures(tx, project, entity))
      ? await withoutErased(tx, { project, entity }, contents)
      : contents;
    const fitting = inOrder(kept.filter(({ values }) => (values?.length ?? 0) <= MAX_VALUE_BYTES));
    if (fitting.length === 0) return;
    // Every writer locks rows in the same order: contents, values, uses, each by hash.
    await sql`
      insert into larder.remembered_contents as c
        (project, address_hash, content_sha256, etag, last_modified, revision)
      select distinct on (address_hash) ${project}, address_hash, content_sha256, etag, last_modified, ${revision}
      from unnest(${fitting.map((one) => one.addressHash)}::bytea[], ${fitting.map((one) => one.contentSha256)}::bytea[],
        ${fitting.map((one) => one.asked?.etag ?? null)}::text[],
        ${fitting.map((one) => one.asked?.lastModified ?? null)}::text[],
        ${fitting.map((one) => one.asked !== null)}::boolean[])
        as t (address_hash, content_sha256, etag, last_modified, asked)
      where asked order by address_hash
      on conflict (project, address_hash) do update set content_sha256 = excluded.content_sha256,
        etag = excluded.etag, last_modified = excluded.last_modified, revision = excluded.revision, checked_at = now()`.execute(
      tx.db,
    );
    const computed = fitting.filter((one) => one.values !== null);
    if (computed.length > 0)
      await sql`
        insert into larder.remembered_values (project, content_sha256, computation, values, size_bytes, revision)
        select distinct on (content_sha256) ${project}, content_sha256, ${Buffer.from(computation)}, values,
          length(values), ${revision}
        from unnest(${computed.map((one) => one.contentSha256)}::bytea[], ${computed.map((one) => one.values)}::bytea[])
          as t (content_sha256, values)
        order by content_sha256
        on conflict (project, content_sha256, computation) do update set values = excluded.values,
          size_bytes = excluded.size_bytes, revision = excluded.revision, used_at = now()`.execute(tx.db);
    const recalled = fitting.filter((one) => one.values === null);
    if (recalled.length > 0)
      // Eviction needs the hour, not the second: a picture that is always used is written once an hour.
      await sql`
        update larder.remembered_values set used_at = now() where (project, content_sha256, computation) in (
          select project, content_sha256, computation from larder.remembered_values
          where project = ${project} and content_sha256 = any(${recalled.map((one) => one.contentSha256)}::bytea[])
            and computation = ${Buffer.from(computation)} and used_at < now() - interval '1 hour'
          order by content_sha256 for no key update skip locked)`.execute(tx.db);
    const uses = fitting.flatMap(({ contentSha256, keyHashes }) =>
      keyHashes.map((keyHash) => ({ contentSha256, keyHash })),
    );
    await sql`
      insert into larder.remembered_uses (project, key_hash, content_sha256)
      select distinct ${project}, key_hash, content_sha256
      from unnest(${uses.map((use) => use.keyHash)}::bytea[], ${uses.map((use) => use.contentSha256)}::bytea[])
        as t (key_hash, content_sha256)
      order by 2, 3 on conflict do nothing`.execute(tx.db);
  });
}

async function withoutErased(
  tx: Parameters<typeof erasedHashesAmong>[0],
  place: { readonly project: string; readonly entity: string },
  contents: readonly ContentToRemember[],
): Promise<readonly ContentToRemember[]> {
  const keys = contents.flatMap(({ keyHashes }) => keyHashes.map(hex));
  const erased = await erasedHashesAmong(tx, { ...place, keys });
  if (erased.size === 0) return contents;
  const gone = new Set(
    contents
      .filter(({ keyHashes }) => keyHashes.some((hash) => erased.has(hex(hash))))
      .map(({ contentSha256 }) => hex(contentSha256)),
  );
  return contents.filter(({ contentSha256 }) => !gone.has(hex(contentSha256)));
}

function inOrder(contents: readonly ContentToRemember[]): ContentToRemember[] {
  return contents.toSorted((a, b) => Buffer.compare(a.addressHash, b.addressHash));
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
