import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalJson, fingerprint, fingerprint32 } from './canonical-json.ts';

/** The same data with the members of every object in reverse order. */
function turned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(turned);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, member]) => [name, turned(member)]),
  );
}

test('members are sorted at every depth, lists keep their order', () => {
  expect(canonicalJson({ b: [{ d: 1, c: null }, 'x', 2], a: { f: true, e: {} }, ab: 0 })).toBe(
    '{"a":{"e":{},"f":true},"ab":0,"b":[{"c":null,"d":1},"x",2]}',
  );
});

test('equal data has equal bytes, and the bytes parse back to the data', () => {
  fc.assert(
    fc.property(fc.jsonValue({ depthSize: 'medium' }), (value) => {
      const text = canonicalJson(value);
      expect(canonicalJson(turned(value))).toBe(text);
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test('a member called __proto__ is a member', () => {
  expect(canonicalJson(JSON.parse('{"b":1,"__proto__":{"d":1,"c":2}}'))).toBe(
    '{"__proto__":{"c":2,"d":1},"b":1}',
  );
});

test('fingerprints are of the canonical bytes', () => {
  const sha256 = createHash('sha256').update('{"a":[2,1],"b":null}').digest('hex');
  expect(fingerprint({ b: null, a: [2, 1] })).toBe(sha256);
  expect(fingerprint32({ b: null, a: [2, 1] })).toBe(Number.parseInt(sha256.slice(0, 8), 16));
  expect(fingerprint({ b: null, a: [1, 2] })).not.toBe(sha256);
});
