import { LarderError, startLoop, type Logger } from '@larder/core';
import type { OfflineStore } from '@larder/offline-store';
import { hashSecret } from '../key/hash-secret.ts';
import { keyIdIn, parseKey } from '../key/key-format.ts';
import { Gcra } from '../limits/gcra.ts';
import { RingKey, type KnownKey } from './known-key.ts';
import { readRing, readRingState } from './read-ring.ts';
import { recordUse } from './record-use.ts';

export interface KeyringOptions {
  /** Of its own: a revocation must not wait until a connection of busy callers is free. */
  readonly store: Pick<OfflineStore, 'db'>;
  readonly project: string;
  readonly logger: Logger;
  /** How long the keys known last stay in force while PostgreSQL does not answer. */
  readonly offlineMs: number;
  /** @default 500 */
  readonly pollMs?: number;
  /** @default 60,000 */
  readonly recordUseMs?: number;
  /** After a longer sleep of the process, keys are in force only once the database has been asked. @default 1,500 */
  readonly sleepMs?: number;
}

/** The keys of a project that are in force, in the memory of one process. */
export interface Keyring {
  /**
   * The key of this text, at once when the process knows it; null when it is not in force. A text that nobody has sent
   * before waits for the next look at the database, which all such requests share; so does every text after a sleep.
   * @throws DATABASE_UNAVAILABLE when the database has to be asked and does not answer
   */
  find(text: string): KnownKey | null | Promise<KnownKey | null>;
  /** Resolves after the first look at the database, also when that failed. */
  readonly ready: Promise<void>;
  /** This process's share of what all keys together may change of the project itself. */
  readonly changes: Gcra;
  /** How long ago the keys were read, or, before that, the keyring was created. */
  ageMs(): number;
  close(): Promise<void>;
}

const POLL_MS = 500;
const RECORD_USE_MS = 60_000;
const SLEEP_MS = 1_500;
const BEATS_PER_SLEEP = 6;
/** Five keys that use up what each of them may change; many stolen keys together are no faster. */
const CHANGES = { requests: 300, windowSeconds: 60 };
/** Texts that were looked for and not found; forgotten when any key changes. */
const MAX_REFUSED = 10_000;

/**
 * Keeps all keys of the project in memory and looks for changes twice a second, so that no request asks the database: a
 * flood of unknown keys costs no queries, and a revocation is in force within a second. While PostgreSQL is away nobody
 * can revoke either, and the keys known last go on for `offlineMs`. A process that was stopped (SIGSTOP, a paused
 * container, a blocked event loop) does not know what was revoked meanwhile, so it looks before it accepts a key again.
 */
export function createKeyring(options: KeyringOptions): Keyring {
  const { store, project, logger, offlineMs, pollMs = POLL_MS, recordUseMs = RECORD_USE_MS } = options;
  const { sleepMs = SLEEP_MS } = options;
  const keys = new Map<string, RingKey>();
  const refused = new Set<string>();
  const changes = new Gcra(CHANGES);
  const createdAtMs = performance.now();
  const first = Promise.withResolvers<void>();
  /** Requests that wait for a look that begins after they came. */
  let waiting = Promise.withResolvers<boolean>();
  let known: string | null = null;
  let services = 1;
  let lookedAtMs = -Infinity;
  let beatAtMs = performance.now();
  let sleeps = 0;
  /** The sleeps that the newest look came after. */
  let seenSleeps = -1;
  let answers = false;
  let recordedAtMs = performance.now();

  /** Notices a sleep: nothing of this process ran, this neither. */
  function beat(): number {
    const nowMs = performance.now();
    if (nowMs - beatAtMs > sleepMs) sleeps += 1;
    beatAtMs = nowMs;
    return sleeps;
  }

  async function look(): Promise<void> {
    const startedAtMs = performance.now();
    const now = await readRingState(store, project);
    if (now.state !== known) {
      replace(await readRing(store, project));
      known = now.state;
    }
    share(Math.max(1, now.services));
    lookedAtMs = startedAtMs;
  }

  function replace(stored: Awaited<ReturnType<typeof readRing>>): void {
    const kept = new Set(stored.map(({ keyId }) => keyId));
    for (const [keyId, key] of keys)
      if (!kept.has(keyId)) {
        keys.delete(keyId);
        key.end();
      }
    for (const each of stored) {
      const key = keys.get(each.keyId) ?? new RingKey(each.keyId);
      key.update(each, 1 / services);
      keys.set(each.keyId, key);
    }
    refused.clear();
  }

  function share(count: number): void {
    if (count === services) return;
    services = count;
    changes.change(CHANGES, 1 / count);
    for (const key of keys.values()) key.shareRate(1 / count);
  }

  function endExpired(nowMs: number): void {
    for (const key of keys.values()) if (nowMs >= key.expiresAtMs) key.end();
  }

  async function turn(): Promise<void> {
    const served = waiting;
    const sleepsBefore = beat();
    waiting = Promise.withResolvers();
    try {
      // The connection may have ended during a sleep; the second look opens another one.
      await look().catch((error: unknown) => {
        if (seenSleeps === sleepsBefore) throw error;
        return look();
      });
      answers = true;
    } catch (error) {
      answers = false;
      throw error;
    } finally {
      if (beat() === sleepsBefore) seenSleeps = sleepsBefore;
      served.resolve(answers);
      first.resolve();
      endExpired(Date.now());
    }
    if (performance.now() - recordedAtMs < recordUseMs) return;
    recordedAtMs = performance.now();
    await recordUse(store, keys.values());
  }

  function inForce(text: string): KnownKey | null {
    const key = keys.get(keyIdIn(text));
    if (key === undefined || !key.accepts(text, Date.now())) return null;
    if (performance.now() - lookedAtMs > offlineMs) throw unavailable();
    return key;
  }

  async function afterNextLook(text: string): Promise<KnownKey | null> {
    const answered = await waiting.promise;
    const key = inForce(text);
    if (key !== null) return key;
    if (!answered) throw unavailable();
    if (refused.size >= MAX_REFUSED) refused.clear();
    refused.add(refusalOf(text) ?? '');
    return null;
  }

  const loop = startLoop({ name: 'Reading the API keys', intervalMs: pollMs, logger, turn });
  const beats = setInterval(beat, sleepMs / BEATS_PER_SLEEP).unref();
  return {
    ready: first.promise,
    changes,
    ageMs: () => performance.now() - Math.max(lookedAtMs, createdAtMs),
    find(text) {
      const key = inForce(text);
      if (key !== null) {
        // After a sleep, requests that arrived meanwhile come before timers.
        if (performance.now() - beatAtMs > sleepMs) beat();
        if (seenSleeps === sleeps) return key;
        loop.wake();
        return afterNextLook(text);
      }
      const refusal = refusalOf(text);
      if (refusal === null || refused.has(refusal)) return null;
      if (known !== null && !answers) throw unavailable();
      return afterNextLook(text);
    },
    async close() {
      clearInterval(beats);
      await loop.stop();
      waiting.resolve(false);
      await recordUse(store, keys.values()).catch(() => {});
      for (const key of keys.values()) key.end();
    },
  };
}

/** What is kept of a text that was refused; null: it is not a key. */
function refusalOf(text: string): string | null {
  const parsed = parseKey(text);
  return parsed === null ? null : hashSecret(parsed.secret).toString('latin1');
}

const RETRY_AFTER_S = 2;

function unavailable(): LarderError {
  return new LarderError(
    'DATABASE_UNAVAILABLE',
    'The database does not answer, and without it this process cannot know whether the API key is in force.',
    { retryAfterSeconds: RETRY_AFTER_S },
  );
}
