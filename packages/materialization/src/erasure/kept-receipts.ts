import { LarderError } from '@larder/core';
import type { AllowedAgain, ReceiptToKeep, RememberedErasure } from '@larder/offline-store';

/** Objects that outlive PostgreSQL and Redis, by project and name. Nothing in it is ever changed or deleted. */
export interface ReceiptPlace {
  /** Returns once it is durable; one that is there stays. @throws RECEIPTS_UNAVAILABLE */
  write(project: string, name: string, text: string): Promise<void>;
  /** In any order; memory does not grow with them. @throws RECEIPTS_UNAVAILABLE */
  names(project: string): AsyncIterable<string>;
  /** Whether receipts of the project could be written; leaves none. @throws RECEIPTS_UNAVAILABLE */
  check(project: string): Promise<void>;
}

/**
 * `ENTITY.HASH.MILLISECONDS.erased.json`, or `.allowed.json` for a key whose erasures until then no longer hold. The name
 * is the receipt: an object that a killed process left half-written counts, and 10,000 of them are ten pages of a list.
 */
const NAME = /^([a-z][a-z0-9_]{0,39})\.([0-9a-f]{64})\.(\d{1,14})\.(erased|allowed)\.json$/;

/** @throws RECEIPTS_UNAVAILABLE */
export function keepReceipt(
  place: ReceiptPlace,
  project: string,
  { entity, keyHash, askedAt }: ReceiptToKeep,
): Promise<void> {
  return keep(place, project, { entity, keyHash, atMs: askedAt.getTime(), what: 'erased' });
}

/** Once the key is allowed, not before: a recovery must not bring back whom nobody allowed. @throws RECEIPTS_UNAVAILABLE */
export function keepAllowed(
  place: ReceiptPlace,
  project: string,
  { entity, keyHash, untilMs }: Omit<AllowedAgain, 'receiptId'> & { readonly entity: string },
): Promise<void> {
  return keep(place, project, { entity, keyHash, atMs: untilMs, what: 'allowed' });
}

interface Kept {
  readonly entity: string;
  readonly keyHash: Buffer;
  readonly atMs: number;
  readonly what: 'erased' | 'allowed';
}

function keep(place: ReceiptPlace, project: string, { entity, keyHash, atMs, what }: Kept): Promise<void> {
  const hash = keyHash.toString('hex');
  // What is in it is for people; Larder reads names.
  const text = JSON.stringify({ entity, key_hash: hash, [what]: new Date(atMs).toISOString() });
  return place.write(project, `${entity}.${hash}.${atMs}.${what}.json`, `${text}\n`);
}

export interface KeptReceipts {
  /** Number of objects. */
  readonly read: number;
  /** One for each key that was not allowed again. */
  readonly erasures: readonly RememberedErasure[];
}

/** @throws RECEIPT_INVALID that names the object, RECEIPTS_UNAVAILABLE */
export async function readKeptReceipts(place: ReceiptPlace, project: string): Promise<KeptReceipts> {
  const keys = new Map<string, { readonly entity: string; erasedMs: number; allowedMs: number }>();
  let read = 0;
  for await (const name of place.names(project)) {
    const [, entity, hash, time, what] = NAME.exec(name) ?? [];
    if (entity === undefined || hash === undefined)
      throw new LarderError(
        'RECEIPT_INVALID',
        `${JSON.stringify(name.slice(0, 255))} is among the receipts of ${project} and is not one, so erasures may be missing there. Look where it is from, move it out of LARDER_RECEIPTS_URL, and run the command again.`,
      );
    read++;
    const key = keys.get(hash) ?? { entity, erasedMs: -1, allowedMs: -1 };
    const atMs = Number(time);
    if (what === 'erased') key.erasedMs = Math.max(key.erasedMs, atMs);
    else key.allowedMs = Math.max(key.allowedMs, atMs);
    keys.set(hash, key);
  }
  const erasures: RememberedErasure[] = [];
  for (const [hash, { entity, erasedMs, allowedMs }] of keys)
    if (erasedMs > allowedMs)
      erasures.push({ entity, keyHash: Buffer.from(hash, 'hex'), erasedAtMs: erasedMs, slot: null });
  return { read, erasures };
}
