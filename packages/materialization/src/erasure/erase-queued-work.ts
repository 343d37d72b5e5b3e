import { encodeJsonValue } from '@larder/features';
import { countRemoved, type Erasure, type OfflineStore } from '@larder/offline-store';
import { sql } from 'kysely';
import { keyText } from '../prepare/key-text.ts';
import { cancelRun } from '../runs/index.ts';

type Store = Pick<OfflineStore, 'db' | 'transaction'>;

/**
 * What a chunk keeps whose limits named an erased key. Nothing reads the limits of an ended chunk, except to retry it; those of tiles
 * are read until the tiles are online.
 */
export const ERASED_BOUNDS = { kind: 'erased' } as const;

/**
 * Takes the key out of the scopes of runs and of the chunks that read listed keys; a run for this key alone is cancelled.
 * Limits of ended chunks that are this key are removed. Call it after the failures of the key are gone, from which retries
 * make chunks.
 * @returns the open runs that have a chunk with this key as a limit: it must end first
 */
export async function eraseQueuedWork(
  store: OfflineStore,
  erasure: Erasure,
  views: readonly string[],
): Promise<string[]> {
  for (const runId of await runsForKey(store, erasure, views)) await takeOutOfScope(store, erasure, runId);
  return takeOutOfChunks(store, erasure, views);
}

function jsonOf({ entity, keys }: Erasure): string {
  return JSON.stringify(
    Object.fromEntries(
      entity.join_keys.map((field) => [field.name, encodeJsonValue(field, keys[field.name] ?? null)]),
    ),
  );
}

async function runsForKey(store: Store, erasure: Erasure, views: readonly string[]): Promise<string[]> {
  const { rows } = await sql<{ run_id: string }>`
    select run_id from larder.runs
    where project = ${erasure.project} and view = any(${views}::text[])
      and scope @> jsonb_build_object('entities', jsonb_build_array(${jsonOf(erasure)}::jsonb))`.execute(
    store.db,
  );
  return rows.map(({ run_id: runId }) => runId);
}

async function takeOutOfScope(store: OfflineStore, erasure: Erasure, runId: string): Promise<void> {
  const key = jsonOf(erasure);
  const { rows } = await sql<{ alone: boolean }>`
    select finished_at is null and jsonb_array_length(scope -> 'entities') = 1 as alone
    from larder.runs where run_id = ${runId}`.execute(store.db);
  if (rows[0]?.alone === true)
    // It may have ended meanwhile.
    await cancelRun(store, erasure.project, runId).catch(() => {});
  await store.transaction(async (tx) => {
    // A planner that has read the scope loses its claim, and plans again.
    const { numAffectedRows } = await sql`
      update larder.runs set planning_token = null, planning_lease_expires_at = null,
        scope = jsonb_build_object('entities', (
          select coalesce(jsonb_agg(each), '[]') from jsonb_array_elements(scope -> 'entities') each
          where not each @> ${key}::jsonb))
      where run_id = ${runId} and scope @> jsonb_build_object('entities', jsonb_build_array(${key}::jsonb))`.execute(
      tx.db,
    );
    await countRemoved(tx, erasure, { place: 'runs.scope', count: Number(numAffectedRows) });
  });
}

async function takeOutOfChunks(store: Store, erasure: Erasure, views: readonly string[]): Promise<string[]> {
  const texts = JSON.stringify(
    erasure.entity.join_keys.map(({ name }) => keyText(erasure.keys[name] as string)),
  );
  const { rows } = await sql<{ chunk_id: number }>`
    select c.chunk_id from larder.runs r join larder.chunks c using (run_id)
    where r.project = ${erasure.project} and r.view = any(${views}::text[]) and (
      c.bounds @> jsonb_build_object('keys', jsonb_build_array(${texts}::jsonb))
      or c.bounds -> 'lower' = ${texts}::jsonb or c.bounds -> 'upper' = ${texts}::jsonb
      or c.bounds ->> 'from' = ${erasure.entityKey} or c.bounds ->> 'to' = ${erasure.entityKey})
    order by c.chunk_id`.execute(store.db);
  const waiting = new Set<string>();
  for (const { chunk_id: chunkId } of rows)
    await store.transaction(async (tx) => {
      const { rows: changed } = await sql<{ run_id: string; waits: boolean }>`
        update larder.chunks c set bounds = case
          when bounds ? 'keys' then bounds || jsonb_build_object('keys', (
            select coalesce(jsonb_agg(each), '[]') from jsonb_array_elements(bounds -> 'keys') each
            where each <> ${texts}::jsonb))
          when state in ('pending', 'dispatched', 'running') then bounds
          when state = 'landed_history' and bounds ->> 'kind' = 'tiles' then bounds
          else ${JSON.stringify(ERASED_BOUNDS)}::jsonb end
        where chunk_id = ${chunkId}
        returning run_id, not bounds ? 'keys' and bounds <> ${JSON.stringify(ERASED_BOUNDS)}::jsonb as waits`.execute(
        tx.db,
      );
      const [chunk] = changed;
      if (chunk === undefined) return;
      if (chunk.waits) waiting.add(chunk.run_id);
      else await countRemoved(tx, erasure, { place: 'chunks.bounds', count: 1 });
    });
  return [...waiting];
}
