import type { Receipt } from '@larder/offline-store';

/** A receipt as JSON of the HTTP API. */
export function receiptJson(receipt: Receipt) {
  return {
    receipt_id: receipt.receiptId,
    status: receipt.status,
    entity: receipt.entity,
    key_hash: receipt.keyHash,
    actor: receipt.actor,
    reason: receipt.reason,
    requested_at: receipt.requestedAt.toISOString(),
    completed_at: receipt.completedAt?.toISOString() ?? null,
    removed: { ...receipt.removed },
    still_held: [...receipt.stillHeld],
    allowed_again:
      receipt.allowedAgain === null
        ? null
        : { ...receipt.allowedAgain, at: receipt.allowedAgain.at.toISOString() },
    error: receipt.error,
  };
}
