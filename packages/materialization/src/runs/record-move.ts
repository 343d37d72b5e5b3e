import { recordAudit, type AuditAction, type RunStatus, type StoreTransaction } from '@larder/offline-store';

export interface RecordedMove {
  readonly project: string;
  readonly runId: string;
  readonly action: AuditAction;
  readonly before: RunStatus;
  readonly after: RunStatus;
}

/** Records that somebody moved a run to another status. */
export function recordMove(
  tx: Pick<StoreTransaction, 'db'>,
  { runId, ...moved }: RecordedMove,
): Promise<void> {
  return recordAudit(tx, { ...moved, subject: `run ${runId}` });
}
