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
