import type { ApplyResult } from '../apply/apply-manifest.ts';
import type { FillEstimate } from '../fill/estimate-fill.ts';
import { fillJson } from '../fill/fill-json.ts';
import type { AfterApply } from '../fill/follow-apply.ts';
import type { Plan } from './plan.ts';
import type { PlannedChain } from './planned-chains.ts';

/** `larder plan --json` and `POST /v1/plan`. */
export function planJson(
  plan: Plan,
  { chains, fills }: { readonly chains: readonly PlannedChain[]; readonly fills: readonly FillEstimate[] },
) {
  return {
    project: plan.project,
    applied_id: plan.appliedId,
    applied_by: plan.applied?.actor ?? null,
    applied_at: plan.applied?.appliedAt.toISOString() ?? null,
    changes: [...plan.changes],
    refusals: [...plan.refusals],
    retained: [...plan.retained],
    older: [...plan.older],
    readers: plan.readers.map((reader) => ({ ...reader, aliases: [...reader.aliases] })),
    not_scheduled: [...plan.notScheduled],
    warnings: [...plan.warnings],
    pending_migrations: [...plan.pendingMigrations],
    chains: chains.map(({ view, steps }) => ({ view, steps: steps.map((refs) => [...refs]) })),
    fills: fills.map(fillJson),
  };
}

/** `larder apply --json` and `POST /v1/apply`. */
export function applyJson(project: string, result: ApplyResult, after: AfterApply) {
  return {
    project,
    manifest_id: result.manifestId,
    changes: [...result.changes],
    retained: [...result.retained],
    model_versions: { ...result.modelVersions },
    backfills: [...after.fills],
    promotions: [...after.promotions],
  };
}
