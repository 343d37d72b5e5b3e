import { IS_LIVING } from '@larder/offline-store';
import { sql } from 'kysely';

/** Why an open run makes no progress: its view version was removed, no worker runs, or none of the running workers has its code. */
export type WaitingFor = 'view' | 'worker' | 'code';

const LIVING_WORKER = sql`select from larder.processes p
  where p.project = r.project and p.role = 'worker' and ${IS_LIVING}`;

/** True when the newest apply does not have the view version; false if nothing was ever applied. */
const REMOVED = sql`(
  select m.manifest #> array['feature_views', r.view || '@' || r.version] is null
  from larder.manifests m where m.project = r.project order by m.id desc limit 1)`;

/** What the run (alias `r`) is waiting for, or null. */
export const WAITING_FOR = sql<WaitingFor | null>`
  case when r.status not in ('queued', 'running') then null
    when exists (${LIVING_WORKER} and p.views @> jsonb_build_array(
      jsonb_build_object('view', r.view, 'version', r.version, 'fingerprint', r.fingerprint))) then null
    when ${REMOVED} then 'view'
    when exists (${LIVING_WORKER}) then 'code'
    else 'worker'
  end`;

interface Waiting {
  readonly runId: string;
  readonly view: string;
  readonly version: number;
  readonly waitingFor: WaitingFor | null;
}

/** Text for people, with what to do; null: the run is not waiting. */
export function waitingText({ runId, view, version, waitingFor }: Waiting): string | null {
  switch (waitingFor) {
    case 'view':
      return `${view}@${version} was removed: no worker computes it. Cancel the run: larder runs ${runId} cancel`;
    case 'worker':
      return 'No worker runs: larder up starts one.';
    case 'code':
      return `No worker has the code of ${view}@${version} as it was when the run was queued: deploy that code to the workers, or start another backfill.`;
    case null:
      return null;
  }
}
