import type { Manifest } from '@larder/features';
import { sql } from 'kysely';
import { createBackfill } from '../backfill/create-backfill.ts';
import type { RunStore } from '../runs/run-store.ts';

/** After a build that failed, the next one waits this long. */
const RETRY = sql`interval '1 minute'`;

/**
 * Queues a run for each windowed view whose tiles lack the events that were there before it, unless one is under way. Any number of
 * workers may ask at once.
 * @returns the views
 */
export async function queueBuilds(store: RunStore, manifest: Manifest): Promise<string[]> {
  const { project } = manifest;
  const { rows } = await sql<{ ref: string; attempt: string }>`
    select w.view || '@' || w.version as ref,
      (extract(epoch from w.recorded_at) * 1000)::bigint || '-' || (select count(*) from larder.runs r
        where r.project = w.project and r.view = w.view and r.version = w.version) as attempt
    from larder.windowed_views w
    where w.project = ${project} and w.built_at is null and not exists (
      select from larder.runs r
      where r.project = w.project and r.view = w.view and r.version = w.version
        and (r.finished_at is null or r.finished_at > now() - ${RETRY}))`.execute(store.db);
  const queued: string[] = [];
  for (const { ref, attempt } of rows) {
    const view = manifest.feature_views[ref];
    if (view?.windowed === undefined) continue;
    // the key is of this attempt: workers that ask at once get the same run
    await createBackfill(store, {
      manifest,
      view: ref,
      scope: { all: true },
      idempotencyKey: `build ${ref} ${attempt}`,
    });
    queued.push(ref);
  }
  return queued;
}
