import type { LivingProcess } from './list-processes.ts';

/** A process in the form of the HTTP API and the CLI. */
export function processJson(living: LivingProcess) {
  return {
    process_id: living.processId,
    role: living.role,
    host: living.host,
    pid: living.pid,
    larder_version: living.larderVersion,
    views: living.views.map(({ view, version, fingerprint, lacks = null }) => ({
      ref: `${view}@${version}`,
      fingerprint,
      lacks_connection: lacks,
    })),
    models: living.models.map(({ model, version, ready, reads, aliases = [] }) => ({
      model,
      version,
      ready,
      reads: [...reads],
      aliases: aliases.map(({ alias, move_id, problem }) => ({ alias, move_id, problem })),
    })),
    slots: living.slots,
    started_at: living.startedAt.toISOString(),
    heartbeat_at: living.heartbeatAt.toISOString(),
  };
}
