import { expect, test } from 'vitest';
import { idempotencyKeyOf } from './idempotency-key.ts';

/** What Express returns for a header, whatever the case of its name. */
const request = (key: string | undefined) => ({
  get: ((name: string) => (name.toLowerCase() === 'idempotency-key' ? key : undefined)) as never,
});

test.each([undefined, 'a', '!~', 'x'.repeat(128), '7d1f0c0e-1f0b-7000-8000-000000000000'])(
  'takes %s',
  (key) => {
    expect(idempotencyKeyOf(request(key))).toBe(key);
  },
);

test.each(['', 'x'.repeat(129), 'a b', 'ä', 'tab\t', '\u007f', 'line\nbreak'])('refuses %j', (key) => {
  expect(() => idempotencyKeyOf(request(key))).toThrow(
    expect.objectContaining({
      code: 'REQUEST_INVALID',
      errors: [{ pointer: '/headers/idempotency-key', detail: 'must be 1 to 128 visible ASCII characters' }],
    }),
  );
});
