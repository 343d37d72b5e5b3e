import { viewRef } from '@larder/features';
import { appendHistory, ensureHistory, type OfflineStore } from '../../index.ts';
import { joinProject, joinViews } from './draw-join-case.ts';
import type { JoinCase } from './join-case.ts';

/** Creates the tables of `joinViews`, once. */
export async function createJoinHistories(store: OfflineStore): Promise<void> {
  for (const view of joinViews) await ensureHistory(store, joinProject, view);
}

/** Replaces what the tables of `joinViews` hold with the histories of this case, and the times of its chunks. */
export async function landJoinCase(
  store: OfflineStore,
  { join, histories, chunks }: JoinCase,
): Promise<void> {
  const landed = new Map(chunks.map(({ chunkId, landedAtMs }) => [chunkId, landedAtMs]));
  await store.transaction(async (tx) => {
    await tx.client.query('delete from larder.kept_online_times');
    for (const { chunkId, onlineAtUs } of chunks)
      if (onlineAtUs !== null)
        await tx.client.query(
          `insert into larder.kept_online_times
           values ($1, timestamptz 'epoch' + $2::bigint / 1000000 * interval '1 second' + $2::bigint % 1000000 * interval '1 microsecond')`,
          [chunkId, String(onlineAtUs)],
        );
    const written = new Set<string>();
    for (const view of joinViews)
      await tx.client.query(`delete from joined_history.${view.name}_v${view.version}`);
    for (const [at, { view }] of join.views.entries()) {
      if (written.has(viewRef(view))) continue;
      written.add(viewRef(view));
      await appendHistory(tx, join.project, view, histories[at] ?? []);
      for (const [chunkId, landedAtMs] of landed)
        await tx.client.query(
          `update joined_history.${view.name}_v${view.version} set landed_at = $2 where chunk_id = $1`,
          [chunkId, new Date(landedAtMs)],
        );
    }
  });
}
