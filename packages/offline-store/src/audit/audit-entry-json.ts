import type { RecordedAudit } from './read-audit.ts';

/** An entry as the HTTP API and the command line answer it. */
export function auditEntryJson(entry: RecordedAudit) {
  return {
    audit_id: entry.auditId,
    at: entry.at.toISOString(),
    actor: entry.actor,
    key_id: entry.keyId,
    action: entry.action,
    subject: entry.subject,
    request_id: entry.requestId,
    address: entry.address,
    before: entry.before,
    after: entry.after,
    outcome: entry.outcome,
    code: entry.code,
    calls: entry.calls,
  };
}
