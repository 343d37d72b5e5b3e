import { expect, test } from 'vitest';
import { hashSecret } from '../key/hash-secret.ts';
import { newKeyText, type NewKeyText } from '../key/key-format.ts';
import { RingKey } from './known-key.ts';

/** Secrets of a key, each with the time until which it is in force. */
type Secrets = readonly (readonly [NewKeyText, number])[];

const KEY_EXPIRES_AT_MS = 1_000;

function update(key: RingKey, secrets: Secrets): void {
  const { keyId } = key;
  const known = secrets.map(([{ secret }, untilMs]) => ({ hash: hashSecret(secret), expiresAtMs: untilMs }));
  const stored = { keyId, name: 'shop', granted: new Set<string>(), rate: null, secrets: known };
  key.update({ ...stored, expiresAtMs: KEY_EXPIRES_AT_MS }, 1);
}

function keyOf(secrets: Secrets): RingKey {
  const key = new RingKey(secrets[0]?.[0].keyId ?? '');
  update(key, secrets);
  return key;
}

/** As a server hands it over: another string for each request. */
const sent = (text: string) => Buffer.from(text).toString('latin1');

test('a text is accepted again and again, and none that differs from it in one place', () => {
  const made = newKeyText('live');
  const key = keyOf([[made, Infinity]]);
  expect(key.accepts(newKeyText('live', made.keyId).text, 0)).toBe(false);
  for (let request = 0; request < 3; request++) {
    expect(key.accepts(sent(made.text), 0)).toBe(true);
    for (let at = 0; at < made.text.length; at++) {
      const other = made.text[at] === 'x' ? 'y' : 'x';
      expect(key.accepts(made.text.slice(0, at) + other + made.text.slice(at + 1), 0)).toBe(false);
      expect(key.accepts(made.text.slice(0, at), 0)).toBe(false);
    }
    expect(key.accepts(`${made.text}x`, 0)).toBe(false);
    expect(key.accepts(newKeyText('live', made.keyId).text, 0)).toBe(false);
  }
});

test('a text that was accepted is refused as soon as its secret or its key has expired', () => {
  const old = newKeyText('live');
  const next = newKeyText('live', old.keyId);
  const key = keyOf([
    [old, 100],
    [next, Infinity],
  ]);
  const accepted = (nowMs: number) => [old, next].map(({ text }) => key.accepts(sent(text), nowMs));
  expect(accepted(0)).toEqual([true, true]);
  expect(accepted(99)).toEqual([true, true]);
  expect(accepted(100)).toEqual([false, true]);
  expect(accepted(KEY_EXPIRES_AT_MS)).toEqual([false, false]);
});

test('a text that was accepted is refused once its secret is not among those of the key', () => {
  const old = newKeyText('live');
  const next = newKeyText('live', old.keyId);
  const key = keyOf([[old, Infinity]]);
  expect(key.accepts(sent(old.text), 0)).toBe(true);
  update(key, [[next, Infinity]]);
  expect([key.accepts(sent(old.text), 0), key.accepts(sent(next.text), 0)]).toEqual([false, true]);
  update(key, []);
  expect(key.accepts(sent(next.text), 0)).toBe(false);
});
