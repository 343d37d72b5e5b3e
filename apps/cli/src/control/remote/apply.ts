import type { ApplyAnswer, ManifestAnswer, PlanAnswer } from '@larder/contracts';
import type { Manifest } from '@larder/features';
import type { FillEstimate, Plan } from '@larder/registry';
import { isConfirmed } from '../../output/confirm.ts';
import type { Session } from '../../session.ts';
import type { ApplyAsked, PlanAsked } from '../control.ts';
import type { Planned } from '../direct/apply.ts';
import { refuseOtherDefinitions } from './refuse-other-definitions.ts';
import type { ServiceClient } from './service-client.ts';

/** Opening artifacts and creating tables takes a while. */
const TIMEOUT_MS = 600_000;

/** Of the definitions that the service was started with. @throws DEFINITIONS_DIFFER */
export async function remotePlan(
  { out, config }: Session,
  client: ServiceClient,
  { prune, sameMeaning }: PlanAsked,
): Promise<Planned> {
  await refuseOtherDefinitions(client, config.projectPath);
  out.note(`Of the definitions that ${client.url} was started with.`);
  const [{ body: json }, { loaded }] = await Promise.all([
    client.send<PlanAnswer>('POST', '/v1/plan', {
      body: { prune, same_meaning: sameMeaning },
      repeatable: true,
      timeoutMs: TIMEOUT_MS,
      members: ['changes', 'refusals', 'fills'],
    }),
    client.get<ManifestAnswer>('/v1/manifest', { members: ['loaded'] }),
  ]);
  return { plan: planOf(json), json, fills: fillsOf(json), manifest: loaded as unknown as Manifest };
}

/** The definitions that the service was started with. @throws DEFINITIONS_DIFFER */
export async function remoteApply(
  session: Session,
  client: ServiceClient,
  { prune, sameMeaning, yes, backfill, promoteWhenComplete, reason }: ApplyAsked,
): Promise<ApplyAnswer> {
  const { plan } = await remotePlan(session, client, { prune, sameMeaning });
  for (const text of plan.warnings) session.out.note(`! ${text}`);
  const confirmed = yes || (plan.refusals.length === 0 && (await isConfirmed(plan, session)));
  const applied = await client.send<ApplyAnswer>('POST', '/v1/apply', {
    body: {
      prune,
      same_meaning: sameMeaning,
      yes: confirmed,
      backfill,
      promote_when_complete: promoteWhenComplete,
      reason,
    },
    timeoutMs: TIMEOUT_MS,
    members: ['manifest_id', 'changes', 'backfills', 'promotions'],
  });
  return applied.body;
}

/** For printing. */
function planOf(answer: PlanAnswer): Plan {
  return {
    project: answer.project,
    appliedId: answer.applied_id,
    changes: answer.changes,
    refusals: answer.refusals as Plan['refusals'],
    forgotten: [],
    notScheduled: answer.not_scheduled,
    // A service of an earlier release has none.
    warnings: answer.warnings ?? [],
    retained: answer.retained,
    older: answer.older,
    readers: answer.readers,
    applied:
      answer.applied_by === null || answer.applied_at === null
        ? null
        : { actor: answer.applied_by, appliedAt: new Date(answer.applied_at) },
    pendingMigrations: answer.pending_migrations,
  };
}

function fillsOf({ fills }: PlanAnswer): FillEstimate[] {
  return fills.map((fill) => ({
    ref: fill.view,
    rows: fill.rows,
    rowsFrom: fill.rows_from,
    sourceProblem: fill.source_problem,
    historyBytes: fill.history_bytes,
    redisBytes: fill.redis_bytes,
    minutes: fill.minutes,
    rate:
      fill.rows_per_second === null || fill.measured_in === null
        ? null
        : { rowsPerSecond: fill.rows_per_second, measuredIn: fill.measured_in },
  }));
}
