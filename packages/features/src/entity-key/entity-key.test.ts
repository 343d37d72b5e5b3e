import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { EntityManifest } from '../manifest/manifest.ts';
import { MAX_ENTITY_KEY_BYTES, entityKey, entityKeyOfTexts, parseEntityKey } from './entity-key.ts';

const ad: EntityManifest = { name: 'ad', join_keys: [{ name: 'ad_id', type: 'string' }] };
const pair: EntityManifest = {
  name: 'ad_user',
  join_keys: [
    { name: 'ad_id', type: 'string' },
    { name: 'user_id', type: 'int64' },
  ],
};
const everyType: EntityManifest = {
  name: 'every',
  join_keys: [
    { name: 's', type: 'string' },
    { name: 't', type: 'string' },
    { name: 'i', type: 'int64' },
    { name: 'n', type: 'int64', safe: true },
    { name: 'b', type: 'bool' },
    { name: 'd', type: 'timestamp' },
  ],
};
const hostile = fc.string({
  unit: fc.constantFrom('%', '|', '{', '}', '\n', '\u0000', '7', 'C', 'é', '🏖', ' ', ':'),
});
const anyKey = fc.record({
  s: fc.oneof(hostile, fc.string({ unit: 'grapheme', maxLength: 20 })),
  t: hostile,
  i: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  n: fc.maxSafeInteger(),
  b: fc.boolean(),
  d: fc.date({ noInvalidDate: true }),
});

test('what people see is what they wrote', () => {
  expect(entityKey(ad, { ad_id: 'ad-42' })).toBe('ad-42');
  expect(entityKey(pair, { ad_id: 'ad-42', user_id: 7n })).toBe('ad-42|7');
  expect(entityKey(ad, { ad_id: 'Ünïcode 🏖 /?*[]' })).toBe('Ünïcode 🏖 /?*[]');
  expect(entityKey(ad, { ad_id: 'a|b{c}%7C\n' })).toBe('a%7Cb%7Bc%7D%257C%0A');
});

test('any key comes back from its text, and so no two keys share a text', () => {
  fc.assert(
    fc.property(anyKey, (values) => {
      expect(parseEntityKey(everyType, entityKey(everyType, values))).toEqual(values);
    }),
  );
});

test("a source's own texts make the same key as their values", () => {
  fc.assert(
    fc.property(hostile, fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (id, user) => {
      const key = entityKey(pair, { ad_id: id, user_id: user });
      expect(entityKeyOfTexts(pair, [id, String(user)])).toBe(key);
    }),
  );
});

test('a key typed by a person is taken as meant, and made canonical', () => {
  const typed = parseEntityKey(ad, '100%_{x}');
  expect(typed).toEqual({ ad_id: '100%_{x}' });
  expect(entityKey(ad, typed)).toBe('100%25_%7Bx%7D');
});

test('a key of up to 1,024 bytes is taken, a longer one refused', () => {
  expect(entityKey(ad, { ad_id: 'é'.repeat(MAX_ENTITY_KEY_BYTES / 2) })).toHaveLength(512);
  expect(() => entityKey(ad, { ad_id: `${'é'.repeat(MAX_ENTITY_KEY_BYTES / 2)}x` })).toThrow(
    expect.objectContaining({ code: 'ENTITY_KEY_INVALID', message: expect.stringContaining('1025 bytes') }),
  );
});

test.each([
  [{ ad_id: 'a' }, 'user_id', 'it is missing'],
  [{ ad_id: null, user_id: 1 }, 'ad_id', 'it is missing'],
  [{ ad_id: 1, user_id: 1 }, 'ad_id', 'it is a number'],
  [{ ad_id: 'a', user_id: 1.5 }, 'user_id', 'it is a number'],
  [{ ad_id: 'a', user_id: '1' }, 'user_id', 'it is a string'],
  [{ ad_id: 'a', user_id: 2n ** 63n }, 'user_id', 'it is a bigint'],
  [{ ad_id: '\ud800', user_id: 1 }, 'ad_id', 'it is a string'],
])('refuses %s and points at the join key', (values, name, reason) => {
  expect(() => entityKey(pair, values)).toThrow(
    expect.objectContaining({
      code: 'ENTITY_KEY_INVALID',
      errors: [{ pointer: `/${name}`, detail: expect.stringContaining(reason) }],
    }),
  );
});

test.each([
  ['i', '1'],
  ['n', '1'],
  ['b', 'true'],
  ['b', 1],
  ['d', '2026-11-20T00:00:00Z'],
  ['d', new Date(Number.NaN)],
  ['d', 1_795_200_000_123],
])('refuses a value of %s that only looks like one: %s', (name, value) => {
  const good = { s: 's', t: 't', i: 1n, n: 1, b: true, d: new Date(0) };
  expect(() => entityKey(everyType, { ...good, [name]: value })).toThrow(
    expect.objectContaining({ errors: [expect.objectContaining({ pointer: `/${name}` })] }),
  );
});

test.each(['ad-1', 'ad-1|2|3', 'ad-1|x', 'ad-1|', 'ad-1|9223372036854775808', 'ad-1|1x', 'ad-1|x1'])(
  'refuses the text %s',
  (text) => {
    expect(() => parseEntityKey(pair, text)).toThrow(expect.objectContaining({ code: 'ENTITY_KEY_INVALID' }));
  },
);

test('the error for a text of too few or too many parts names the parts', () => {
  expect(() => parseEntityKey(pair, 'ad-1')).toThrow(
    /ad_user has 2 part\(s\): ad_id\|user_id; this one has 1/,
  );
});

test.each([
  ['safe int64', { type: 'int64', safe: true }, '9007199254740993'],
  ['bool', { type: 'bool' }, 'TRUE'],
  ['timestamp', { type: 'timestamp' }, 'yesterday'],
] as const)('refuses the text of a %s that is none', (_, type, text) => {
  const entity: EntityManifest = { name: 'one', join_keys: [{ name: 'k', ...type }] };
  expect(() => parseEntityKey(entity, text)).toThrow(expect.objectContaining({ code: 'ENTITY_KEY_INVALID' }));
});

test.each(['float32', 'float64', 'vector', 'json'] as const)('a join key of type %s is a defect', (type) => {
  const entity: EntityManifest = { name: 'one', join_keys: [{ name: 'k', type }] };
  expect(() => entityKey(entity, { k: 1 })).toThrow(`A join key cannot be of type ${type}.`);
  expect(() => parseEntityKey(entity, '1')).toThrow(`A join key cannot be of type ${type}.`);
});

test('an entity without join keys has one key, which nobody needs to name', () => {
  const everywhere: EntityManifest = {
    name: 'everywhere',
    join_keys: [{ name: 'everywhere', type: 'string', constant: 'everywhere' }],
  };
  expect(entityKey(everywhere, {})).toBe('everywhere');
  expect(parseEntityKey(everywhere, '')).toEqual({ everywhere: 'everywhere' });
  expect(parseEntityKey(everywhere, 'everywhere')).toEqual({ everywhere: 'everywhere' });
  expect(() => parseEntityKey(everywhere, 'elsewhere')).toThrow("its one key is 'everywhere'");
  expect(() => entityKey(everywhere, { everywhere: 'elsewhere' })).toThrow('must be a string');
});
