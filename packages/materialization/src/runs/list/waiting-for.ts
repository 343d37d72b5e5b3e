import { IS_LIVING } from '@larder/offline-store';
import { connectionVariable } from '@larder/sources';
import { sql } from 'kysely';

/**
 * Why an open run makes no progress: its view version was removed, no worker runs, none of the running workers has its
 * code, or none that has it reaches the source.
 */
export type WaitingFor = 'view' | 'worker' | 'code' | 'source';

const LIVING_WORKER = sql`select from larder.processes p
  where p.project = r.project and p.role = 'worker' and ${IS_LIVING}`;

/** True when the newest apply does not have the view version; false if nothing was ever applied. */
const REMOVED = sql`(
  select m.manifest #> array['feature_views', r.view || '@' || r.version] is null
  from larder.manifests m where m.project = r.project order by m.id desc limit 1)`;

const HAS_CODE = sql`p.views @> jsonb_build_array(
  jsonb_build_object('view', r.view, 'version', r.version, 'fingerprint', r.fingerprint))`;

/** The announced view of the run (alias `e`) within a process. */
const ANNOUNCED = sql`select from jsonb_array_elements(p.views) e
  where e ->> 'view' = r.view and (e ->> 'version')::integer = r.version and e ->> 'fingerprint' = r.fingerprint`;

/** What the run (alias `r`) is waiting for, or null. */
export const WAITING_FOR = sql<WaitingFor | null>`
  case when r.status not in ('queued', 'running') then null
    when exists (${LIVING_WORKER} and ${HAS_CODE} and exists (${ANNOUNCED} and not e ? 'lacks')) then null
    when exists (${LIVING_WORKER} and ${HAS_CODE}) then 'source'
    when ${REMOVED} then 'view'
    when exists (${LIVING_WORKER}) then 'code'
    else 'worker'
  end`;

/**
 * What living workers have instead, for a waiting run (alias `r`): the connections without an address, or versions of the
 * view. Null: it is not waiting, or no worker runs.
 */
export const WAITING_NAMES = sql<string[] | null>`
  case when r.status in ('queued', 'running') then (
    select array_agg(distinct coalesce(case when e ->> 'fingerprint' = r.fingerprint then e ->> 'lacks' end,
      (e ->> 'view') || '@' || (e ->> 'version')))
    from larder.processes p cross join jsonb_array_elements(p.views) e
    where p.project = r.project and p.role = 'worker' and ${IS_LIVING} and e ->> 'view' = r.view) end`;

interface Waiting {
  readonly runId: string;
  readonly view: string;
  readonly version: number;
  readonly waitingFor: WaitingFor | null;
  readonly waitingNames: readonly string[];
}

/** Text for people, with what to do; null: the run is not waiting. */
export function waitingText({ runId, view, version, waitingFor, waitingNames }: Waiting): string | null {
  switch (waitingFor) {
    case 'view':
      return `${view}@${version} was removed: no worker computes it. Cancel the run: larder runs ${runId} cancel`;
    case 'worker':
      return 'No worker runs: larder worker starts one.';
    case 'code':
      return `No worker has the code of ${view}@${version} as it was when the run was queued: ${haveText(view, version, waitingNames)}. Deploy that code to the workers, or start another backfill.`;
    case 'source':
      return `No worker has an address for the source of ${view}@${version}. Set ${waitingNames.map(connectionVariable).join(' and ')} where workers run, and restart them.`;
    case null:
      return null;
  }
}

function haveText(view: string, version: number, names: readonly string[]): string {
  const ref = `${view}@${version}`;
  const others = names.filter((name) => name !== ref);
  const have = [...(names.includes(ref) ? [`${ref} with other code`] : []), ...others];
  return have.length === 0 ? `the running ones have no ${view}` : `the running ones have ${have.join(', ')}`;
}
