/** Everything that the audit records; `docs/reference/audit.md` says what the subject of each is. */
export const AUDIT_ACTIONS = [
  'project.apply',
  'project.recovered',
  'project.load',
  'alias.move',
  'alias.drop',
  'version.mark',
  'run.backfill',
  'run.pause',
  'run.resume',
  'run.cancel',
  'run.retry',
  'entity.inspect',
  'entity.forget',
  'entity.allow-again',
  'training-set.build',
  'api-key.create',
  'api-key.rotate',
  'api-key.revoke',
  'call.refused',
] as const;

export type AuditAction = (typeof AUDIT_ACTIONS)[number];
