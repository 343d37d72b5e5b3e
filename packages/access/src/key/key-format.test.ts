import { describe, expect, test } from 'vitest';
import { base62, base62OfUint32 } from './base62.ts';
import { newKeyText, parseKey } from './key-format.ts';

describe('a key', () => {
  test('has its environment, id, secret and checksum, and is read again', () => {
    const { text, keyId, secret } = newKeyText('live');
    expect(text).toMatch(/^lrd_live_[0-9A-Za-z]{10}_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}$/);
    expect(parseKey(text)).toEqual({ keyId, secret });
    expect(newKeyText('live').text).not.toBe(text);
  });

  test('of a rotation keeps the id and has another secret', () => {
    const first = newKeyText('test');
    const second = newKeyText('test', first.keyId);
    expect(second.keyId).toBe(first.keyId);
    expect(second.secret).not.toBe(first.secret);
  });

  test('with any character changed is not a key', () => {
    const { text } = newKeyText('live');
    for (let at = 4; at < text.length; at++) {
      const other = text.slice(0, at) + (text[at] === 'a' ? 'b' : 'a') + text.slice(at + 1);
      expect({ at, parsed: parseKey(other) }).toEqual({ at, parsed: null });
    }
  });

  test.for(['', 'lrd_', 'Bearer x', `lrd_live_${'a'.repeat(10_000)}`])('%s is not a key', (text) => {
    expect(parseKey(text)).toBe(null);
  });
});

test('base 62 of a number has a fixed length, and both ways of writing it agree', () => {
  expect(base62(2n ** 256n - 1n, 43)).toHaveLength(43);
  expect(base62(61n, 3)).toBe('00z');
  for (const value of [0, 1, 61, 62, 2 ** 31, 2 ** 32 - 1])
    expect(base62OfUint32(value)).toBe(base62(BigInt(value), 6));
});
