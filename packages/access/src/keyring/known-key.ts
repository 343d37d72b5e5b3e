/* `accepts` runs for every request. */
import { hashSecret, sameHash } from '../key/hash-secret.ts';
import { parseKey } from '../key/key-format.ts';
import { sameText } from '../key/same-text.ts';
import { Gcra, type Rate } from '../limits/gcra.ts';

/** A key in force, as one process knows it; it is the same object as long as the key is in force. */
export interface KnownKey {
  readonly keyId: string;
  readonly name: string;
  readonly granted: ReadonlySet<string>;
  /** Infinity: never. */
  readonly expiresAtMs: number;
  readonly rate: Rate | null;
  /** The rate as `RateLimit-Policy` says it; empty without one. */
  readonly ratePolicy: string;
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

interface RingSecret extends KnownSecret {
  /** The text that was last accepted for it, while no key changes; null: none yet. Nothing that was refused enters. */
  verified: string | null;
}

export class RingKey implements KnownKey {
  readonly keyId: string;
  readonly streams = new Set<{ destroy(): unknown }>();
  name = '';
  granted: ReadonlySet<string> = new Set();
  expiresAtMs = 0;
  rate: Rate | null = null;
  ratePolicy = '';
  limit: Gcra | null = null;
  readonly changes = new Gcra(CHANGES);
  usedAtMs = 0;
  /** Up to when the last use is on record. */
  recordedAtMs = 0;
  /** Never more than a few: a key has two secrets while it is rotated. */
  #secrets: RingSecret[] = [];

  constructor(keyId: string) {
    this.keyId = keyId;
  }

  /** Takes over what changed; what was used of the rate stays used. */
  update({ name, granted, expiresAtMs, rate, secrets }: StoredKey, share: number): void {
    const ratePolicy = rate === null ? '' : `"key";q=${rate.requests};w=${rate.windowSeconds}`;
    Object.assign(this, { name, granted, expiresAtMs, rate, ratePolicy });
    this.#secrets = secrets.map(({ hash, expiresAtMs: untilMs }) => ({
      hash,
      expiresAtMs: untilMs,
      verified: null,
    }));
    this.shareRate(share);
  }

  shareRate(share: number): void {
    this.changes.change(CHANGES, share);
    if (this.rate === null) this.limit = null;
    else if (this.limit === null) this.limit = new Gcra(this.rate, share);
    else this.limit.change(this.rate, share);
  }

  /** Whether it is the text of a secret in force: without hashing it, when it is the last one that was accepted. */
  accepts(text: string, nowMs: number): boolean {
    if (nowMs >= this.expiresAtMs) return false;
    for (const { verified, expiresAtMs } of this.#secrets)
      if (verified !== null && nowMs < expiresAtMs && sameText(verified, text)) return true;
    const secret = this.#verify(text, nowMs);
    if (secret !== undefined) secret.verified = text;
    return secret !== undefined;
  }

  #verify(text: string, nowMs: number): RingSecret | undefined {
    const parsed = parseKey(text);
    if (parsed === null) return undefined;
    const hash = hashSecret(parsed.secret);
    return this.#secrets.find((secret) => nowMs < secret.expiresAtMs && sameHash(secret.hash, hash));
  }

  end(): void {
    for (const stream of this.streams) stream.destroy();
    this.streams.clear();
  }
}
