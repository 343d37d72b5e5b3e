import type { ApplyResult } from '../apply/apply-manifest.ts';
import type { Plan } from './plan.ts';

/** `larder plan --json` and `POST /v1/plan`. */
export function planJson(plan: Plan) {
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
    pending_migrations: [...plan.pendingMigrations],
  };
}

/** `larder apply --json` and `POST /v1/apply`. */
export function applyJson(project: string, result: ApplyResult) {
  return {
    project,
    manifest_id: result.manifestId,
    changes: [...result.changes],
    retained: [...result.retained],
    model_versions: { ...result.modelVersions },
  };
}
