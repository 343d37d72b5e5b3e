import { limitSilence, type OfflineStore, type StoreTransaction } from '@larder/offline-store';
import { sql } from 'kysely';
import { createS3Objects } from './s3-objects.ts';
import { collectVersions, type CollectVersionsOptions } from './collect-versions.ts';

export interface CollectArtifactsOptions extends CollectVersionsOptions {
  /** How long content without a reference is kept after its last use: an apply stores it before it commits. @default 1 hour */
  readonly graceMs?: number;
  /** `s3://…`, where bytes are deleted too; null: those of objects there stay in the bucket. @default null */
  readonly url?: string | null;
}

export interface Collected {
  /** Model versions whose content was given up. */
  readonly versions: number;
  /** Folders and objects that were deleted. */
  readonly artifacts: number;
  readonly objects: number;
}

const GRACE_MS = 3_600_000;
/** Objects of one transaction: deleting the parts of a large one takes a second. */
const BATCH = 20;
const SILENCE_MS = 60_000;

/**
 * Gives up the content of model versions of the project that nothing needs, then deletes what no project refers to and
 * nobody used for a grace period. Whoever commits a reference touches what it refers to in the same transaction
 * (`keepArtifactsIn`): that waits for a deletion and finds the content missing, or the deletion skips what was touched.
 */
export async function collectArtifacts(
  store: OfflineStore,
  { graceMs = GRACE_MS, url = null, ...options }: CollectArtifactsOptions,
): Promise<Collected> {
  const bucket = url === null ? null : createS3Objects(store, url);
  const versions = await collectVersions(store, options);
  const artifacts = await store.transaction(async (tx) => {
    await limitSilence(tx, SILENCE_MS);
    return deleteArtifacts(tx, graceMs);
  });
  let objects = 0;
  for (;;) {
    const deleted = await store.transaction(async (tx) => {
      await limitSilence(tx, SILENCE_MS);
      return deleteObjects(tx, graceMs);
    });
    for (const { sha256, backend } of deleted) if (backend === 's3') await bucket?.deleteBytes(sha256);
    objects += deleted.length;
    if (deleted.length < BATCH) return { versions, artifacts, objects };
  }
}

/**
 * Every hash that a kept record of any project names: the newest manifest of each project and its code, and model versions
 * that are not collected, with the code of the manifest that they came with. Some are no artifacts: that keeps too much,
 * never too little, also of members that a later release adds.
 */
const REFERRED = sql`
  select distinct found[1] as sha256
  from (
    select m.manifest::text as record from larder.manifests m
    where m.id in (select max(id) from larder.manifests group by project)
    union all
    select m.code::text from larder.manifests m
    where m.id in (select max(id) from larder.manifests where code is not null group by project)
    union all
    select v.content::text from larder.model_versions v where v.collected_at is null
    union all
    select v.artifact_sha256 from larder.model_versions v where v.collected_at is null
    union all
    select m.code::text from larder.model_versions v join larder.manifests m on m.id = v.manifest_id
    where v.collected_at is null
  ) records, regexp_matches(record, '[0-9a-f]{64}', 'g') as found`;

// Rows are locked first and checked again afterwards: by then every reference that was committed before the lock is visible,
// and later ones wait for the lock to touch the row.

async function deleteArtifacts({ db }: StoreTransaction, graceMs: number): Promise<number> {
  const doomed = await sql<{ sha256: string }>`
    select sha256 from larder.artifacts
    where touched_at <= clock_timestamp() - ${graceMs} * interval '1 millisecond'
      and sha256 not in (${REFERRED})
    order by sha256 for update skip locked`.execute(db);
  const deleted = await sql`
    delete from larder.artifacts
    where sha256 = any (${doomed.rows.map(({ sha256 }) => sha256)}) and sha256 not in (${REFERRED})`.execute(
    db,
  );
  return Number(deleted.numAffectedRows ?? 0);
}

const REFERRED_OBJECTS = sql`
  ${REFERRED} union select f ->> 'sha256' from larder.artifacts a, json_array_elements(a.files) f`;

interface DeletedObject {
  readonly sha256: string;
  readonly backend: 'postgresql' | 's3';
}

async function deleteObjects({ db }: StoreTransaction, graceMs: number): Promise<DeletedObject[]> {
  const doomed = await sql<{ sha256: string }>`
    select sha256 from larder.objects
    where touched_at <= clock_timestamp() - ${graceMs} * interval '1 millisecond'
      and sha256 not in (${REFERRED_OBJECTS})
    order by sha256 limit ${BATCH} for update skip locked`.execute(db);
  const deleted = await sql<DeletedObject>`
    delete from larder.objects
    where sha256 = any (${doomed.rows.map(({ sha256 }) => sha256)}) and sha256 not in (${REFERRED_OBJECTS})
    returning sha256, backend`.execute(db);
  const sha256s = deleted.rows.map(({ sha256 }) => sha256);
  if (sha256s.length > 0) await db.deleteFrom('larder.object_parts').where('sha256', 'in', sha256s).execute();
  return deleted.rows;
}
