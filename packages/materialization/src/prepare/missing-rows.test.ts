import type { EntityManifest } from '@larder/features';
import { expect, test } from 'vitest';
import { missingKeys, missingRows } from './missing-rows.ts';

const adUser: EntityManifest = {
  name: 'ad_user',
  join_keys: [
    { name: 'ad_id', type: 'string' },
    { name: 'user_id', type: 'int64' },
  ],
};
const asked = (...keys: readonly string[][]) => ({ kind: 'keys', keys }) as const;
const NOTHING = { rows: [], failures: [] };

test('a requested key without a source row fails with its name', () => {
  expect(missingRows(missingKeys(asked(['a|b', '7']), NOTHING), adUser)).toEqual([
    {
      entityKey: 'a%7Cb|7',
      keys: ['a|b', '7'],
      eventTimestampMs: null,
      code: 'SOURCE_ROW_NOT_FOUND',
      reason: 'The source has no row for ad_user a%7Cb|7.',
      retryable: false,
    },
  ]);
});

test('a row that was found is not missing, and neither is one that was refused for another reason', () => {
  const found = {
    rows: [{ keyTexts: ['a', '1'] }, { keyTexts: ['a', '1'] }],
    failures: [{ keys: ['b', '2'] }, { keys: null }],
  };
  expect(missingKeys(asked(['a', '1'], ['b', '2'], ['a', '2'], ['1', '1']), found)).toEqual([
    ['a', '2'],
    ['1', '1'],
  ]);
});

test('keys of a range are not requested by name', () => {
  const range = { kind: 'all' } as never;
  expect(missingKeys(range, NOTHING)).toEqual([]);
});
