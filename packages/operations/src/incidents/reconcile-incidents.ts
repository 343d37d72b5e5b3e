import type { Manifest } from '@larder/features';
import type { OfflineStore, StoreTransaction } from '@larder/offline-store';
import { sql } from 'kysely';
import { emptiedRedis } from '../status/emptied-redis.ts';
import { fullRedis } from '../status/full-redis.ts';
import { postgresStanding } from '../status/postgres-standing.ts';
import type { RedisFacts } from '../status/redis-facts.ts';
import { GIVE_UP_H } from '../webhook/send-notices.ts';
import type { Problem, ProblemKind } from '../status/problem.ts';

export interface Reconciled {
  readonly opened: number;
  readonly resolved: number;
}

/** These come and go while processes are replaced: nobody is told before they have lasted this long. */
const CALM_S = 120;
const RESTLESS: ReadonlySet<ProblemKind> = new Set([
  'worker_absent',
  'inference_absent',
  'view_without_worker',
  'alias_not_in_force',
  'model_not_loaded',
  'run_waiting',
  'chain_behind',
  'online_behind',
]);
/** The webhook would have to tell of itself. */
const UNTOLD: ReadonlySet<ProblemKind> = new Set(['webhook_failing']);
const KEPT_D = 30;

/**
 * Opens an incident for what needs a person now and resolves those that are over, in one transaction; one process at a
 * time does. Null: another one has the turn.
 */
export async function reconcileIncidents(
  store: OfflineStore,
  manifest: Manifest,
  { holdsNoRows, redisMemory }: RedisFacts = {},
): Promise<Reconciled | null> {
  const { project } = manifest;
  // Before the transaction, which must not wait for Redis. Null: Redis does not answer, so that it cannot be told.
  const emptied =
    holdsNoRows === undefined ? null : await emptiedRedis(store, manifest, holdsNoRows).catch(() => null);
  const full = redisMemory === undefined ? null : await redisMemory().then(fullRedis, () => null);
  return store.transaction(async (tx) => {
    const { rows } = await sql<{ mine: boolean }>`
      select pg_try_advisory_xact_lock(hashtextextended('larder:incidents ' || ${project}, 0)) as mine`.execute(
      tx.db,
    );
    if (rows[0]?.mine !== true) return null;
    // A run that ends from here on opens its incident later than this: it is not resolved by what was read before.
    const { rows: open } = await sql<OpenIncident>`
      select incident_id as "incidentId", kind, subject from larder.incidents
      where project = ${project} and resolved_at is null`.execute(tx.db);
    const { problems: known } = await postgresStanding(tx, manifest);
    const problems = [...known, ...(emptied ?? []), ...(full ?? [])];
    const acts = problems.filter(({ severity, kind }) => severity === 'act' && !UNTOLD.has(kind));
    const now = new Set(acts.map(keyOf));
    const told = new Set(open.map(keyOf));
    const news = acts.filter((problem) => !told.has(keyOf(problem)));
    for (const problem of news) await openIncident(tx, project, problem);
    const cannotTell = (kind: string) =>
      (emptied === null && kind === 'redis_emptied') || (full === null && kind === 'redis_full');
    const over = open
      .filter((incident) => !now.has(keyOf(incident)) && !cannotTell(incident.kind))
      .map(({ incidentId }) => incidentId);
    if (over.length > 0) await resolve(tx, over);
    await sql`
      update larder.notices set given_up_at = now()
      where sent_at is null and given_up_at is null and created_at < now() - ${sql.lit(GIVE_UP_H)} * interval '1 hour'`.execute(
      tx.db,
    );
    await sql`
      delete from larder.incidents
      where project = ${project} and resolved_at < now() - ${KEPT_D} * interval '1 day'`.execute(tx.db);
    return { opened: news.length, resolved: over.length };
  });
}

interface OpenIncident extends Pick<Problem, 'kind' | 'subject'> {
  readonly incidentId: string;
}

function keyOf({ kind, subject }: Pick<Problem, 'kind' | 'subject'>): string {
  return `${kind} ${subject}`;
}

async function openIncident({ db }: StoreTransaction, project: string, problem: Problem): Promise<void> {
  const { kind, subject, since, detail, next } = problem;
  const calm = RESTLESS.has(kind) ? CALM_S : 0;
  await sql`select larder.open_incident(${project}, ${kind}, ${subject}, coalesce(${since}::timestamptz, now()),
    ${detail}, ${next}, ${calm} * interval '1 second')`.execute(db);
}

/** One whose opening nobody was told of, because it did not last, leaves nothing. */
async function resolve({ db }: StoreTransaction, incidentIds: readonly string[]): Promise<void> {
  await sql`
    delete from larder.incidents i where i.incident_id = any (${incidentIds}::uuid[])
      and exists (select from larder.notices n where n.incident_id = i.incident_id and n.event = 'opened'
        and n.attempts = 0 and n.next_attempt_at > now())`.execute(db);
  await sql`
    with over as (
      update larder.incidents set resolved_at = clock_timestamp()
      where incident_id = any (${incidentIds}::uuid[]) and resolved_at is null returning incident_id)
    insert into larder.notices (incident_id, event, next_attempt_at)
    select incident_id, 'resolved', now() from over`.execute(db);
}
