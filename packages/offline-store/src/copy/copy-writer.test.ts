import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CopyWriter } from './copy-writer.ts';

test('a safe integer is written as the same bigint', () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), (value) => {
      const [fast, exact] = [new CopyWriter(), new CopyWriter()];
      fast.safeInt64(value);
      exact.int64(BigInt(value));
      expect(fast.finish()).toEqual(exact.finish());
    }),
  );
});

test('repeated bytes are those of the first time, also when the buffer grows', () => {
  const [fast, exact] = [new CopyWriter(32), new CopyWriter()];
  fast.bool(true);
  const start = fast.length;
  fast.text('model');
  fast.null();
  fast.repeat(start, fast.length);
  exact.bool(true);
  for (let time = 0; time < 2; time++) {
    exact.text('model');
    exact.null();
  }
  expect(fast.finish()).toEqual(exact.finish());
});
