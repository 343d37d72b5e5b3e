/* `accepts` runs for every request. */
import { sameHash } from '../key/hash-secret.ts';
import { Gcra, type Rate } from '../limits/gcra.ts';

/** A key in force, as one process knows it; it is the same object as long as the key is in force. */
export interface KnownKey {
  readonly keyId: string;
  readonly name: string;
  readonly granted: ReadonlySet<string>;
  /** Infinity: never. */
  readonly expiresAtMs: number;
  readonly rate: Rate | null;
  /** This process's share of the rate. */
  readonly limit: Gcra | null;
  /** This process's share of what any key may change of the project itself: applies, promotions, erasures, keys. */
  readonly changes: Gcra;
  /** Closed when the key ends: streams that would outlive it. */
  readonly streams: Set<{ destroy(): unknown }>;
  /** Set by whoever admits a request with the key. */
  usedAtMs: number;
}

/** Nobody changes the project itself more often by hand or from a pipeline; a stolen or looping key would. */
const CHANGES = { requests: 60, windowSeconds: 60 };

export interface KnownSecret {
  readonly hash: Buffer;
  readonly expiresAtMs: number;
}

/** What is read from the database. */
export interface StoredKey extends Pick<KnownKey, 'keyId' | 'name' | 'granted' | 'expiresAtMs' | 'rate'> {
  readonly secrets: readonly KnownSecret[];
}

export class RingKey implements KnownKey {
  readonly keyId: string;
  readonly streams = new Set<{ destroy(): unknown }>();
  name = '';
  granted: ReadonlySet<string> = new Set();
  expiresAtMs = 0;
  rate: Rate | null = null;
  limit: Gcra | null = null;
  readonly changes = new Gcra(CHANGES);
  usedAtMs = 0;
  /** Up to when the last use is on record. */
  recordedAtMs = 0;
  #secrets: readonly KnownSecret[] = [];

  constructor(keyId: string) {
    this.keyId = keyId;
  }

  /** Takes over what changed; what was used of the rate stays used. */
  update({ name, granted, expiresAtMs, rate, secrets }: StoredKey, share: number): void {
    Object.assign(this, { name, granted, expiresAtMs, rate });
    this.#secrets = secrets;
    this.shareRate(share);
  }

  shareRate(share: number): void {
    this.changes.change(CHANGES, share);
    if (this.rate === null) this.limit = null;
    else if (this.limit === null) this.limit = new Gcra(this.rate, share);
    else this.limit.change(this.rate, share);
  }

  accepts(hash: Buffer, nowMs: number): boolean {
    if (nowMs >= this.expiresAtMs) return false;
    for (const secret of this.#secrets)
      if (nowMs < secret.expiresAtMs && sameHash(secret.hash, hash)) return true;
    return false;
  }

  end(): void {
    for (const stream of this.streams) stream.destroy();
    this.streams.clear();
  }
}
