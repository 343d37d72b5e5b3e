import type { EntityManifest, SourceRow } from '@larder/features';
import { describe, expect, test } from 'vitest';
import { prepareRows, rowFailure, type PrepareOptions, type PreparedRow } from './prepare-rows.ts';

const NOW_MS = Date.parse('2026-06-01T00:00:00Z');
const MARCH = new Date('2026-03-01T00:00:00Z');
const HOUR_MS = 3_600_000;

const adUser: EntityManifest = {
  name: 'ad_user',
  join_keys: [
    { name: 'ad_id', type: 'string' },
    { name: 'user_id', type: 'int64' },
  ],
};
/** A source with its own created timestamp. */
const KNOWN: PrepareOptions = {
  view: {
    available_after_ms: HOUR_MS,
    source: { event_timestamp_column: 'at', created_timestamp_column: 'known_at' },
  },
  entity: adUser,
  times: { project: 'shop', event_horizon_ms: Infinity },
  clock: { nowMs: () => NOW_MS },
};
const FOLLOWING: PrepareOptions = {
  ...KNOWN,
  view: {
    available_after_ms: HOUR_MS,
    source: { event_timestamp_column: 'at', created_timestamp_column: null },
  },
};

const source = (members: SourceRow = {}): SourceRow => ({
  ad_id: 'a',
  user_id: 7n,
  at: MARCH,
  known_at: MARCH,
  clicks: 1n,
  ...members,
});

const prepare = (members: SourceRow, options = KNOWN) => prepareRows([source(members)], options);

function only(members: SourceRow, options = KNOWN): PreparedRow {
  const { rows, failures } = prepare(members, options);
  expect(failures).toEqual([]);
  expect(rows).toHaveLength(1);
  return rows[0] as PreparedRow;
}

describe('a valid row', () => {
  test('has its keys as values, as texts and as one key, and its times', () => {
    const row = source({ known_at: new Date('2026-03-02') });
    expect(prepareRows([row], KNOWN)).toEqual({
      rows: [
        {
          source: row,
          keys: { ad_id: 'a', user_id: 7n },
          keyTexts: ['a', '7'],
          entityKey: 'a|7',
          eventTimestampMs: MARCH.getTime(),
          createdTimestampMs: Date.parse('2026-03-02'),
          inputHash: expect.any(BigInt),
        },
      ],
      failures: [],
      duplicates: 0,
    });
  });

  test('without a created timestamp column was created when it became available', () => {
    expect(only({ known_at: 'nobody reads this' }, FOLLOWING).createdTimestampMs).toBe(
      MARCH.getTime() + HOUR_MS,
    );
  });

  test('has an input hash of everything but its keys and times', () => {
    const { inputHash } = only({});
    const elsewhere = {
      ad_id: 'b',
      user_id: 8n,
      at: new Date('2026-04-01'),
      known_at: new Date('2026-05-01'),
    };
    expect(only(elsewhere).inputHash).toBe(inputHash);
    expect(only({ clicks: 2n }).inputHash).not.toBe(inputHash);
    // Without a created timestamp column, the column is like any other.
    expect(only({ known_at: 'x' }, FOLLOWING).inputHash).not.toBe(
      only({ known_at: 'y' }, FOLLOWING).inputHash,
    );
  });

  test('may have any time that both stores can hold', () => {
    expect(only({ at: new Date('0001-01-01T00:00:00Z') }).eventTimestampMs).toBe(-62_135_596_800_000);
    expect(only({ known_at: new Date(2 ** 47 - 1) }).createdTimestampMs).toBe(2 ** 47 - 1);
    expect(only({ at: new Date(NOW_MS + 300_000) }).eventTimestampMs).toBe(NOW_MS + 300_000);
  });
});

describe('a row that cannot be landed', () => {
  const KEY = { entityKey: 'a|7', keys: ['a', '7'], retryable: false };
  const NO_KEY = { entityKey: null, keys: null, eventTimestampMs: null, retryable: false };

  test.each<[string, SourceRow, object]>([
    [
      'no key',
      { ad_id: null },
      { ...NO_KEY, code: 'ENTITY_KEY_INVALID', reason: /^The join key ad_id must/ },
    ],
    [
      'a key of another type',
      { user_id: 'x' },
      { ...NO_KEY, code: 'ENTITY_KEY_INVALID', reason: /^The join key user_id must/ },
    ],
    [
      'keys of more bytes than history allows',
      { ad_id: 'é'.repeat(500) },
      { ...NO_KEY, code: 'ENTITY_KEY_INVALID', reason: /take 1001 bytes; the limit is 1000/ },
    ],
    [
      'a key that is too long once it is escaped',
      { ad_id: '|'.repeat(400) },
      { ...NO_KEY, code: 'ENTITY_KEY_INVALID', reason: /ad_user takes 1202 bytes/ },
    ],
    [
      'no event timestamp',
      { at: null },
      { ...KEY, eventTimestampMs: null, code: 'EVENT_TIMESTAMP_INVALID', reason: /^at must/ },
    ],
    [
      'text as an event timestamp',
      { at: '2026-03-01T00:00:00Z' },
      { ...KEY, eventTimestampMs: null, code: 'EVENT_TIMESTAMP_INVALID', reason: /^at must/ },
    ],
    [
      'an event before the year 1',
      { at: new Date(-62_135_596_800_001) },
      { ...KEY, eventTimestampMs: null, code: 'EVENT_TIMESTAMP_INVALID', reason: /^at must/ },
    ],
    [
      'no created timestamp where the source has a column for it',
      { known_at: null },
      {
        ...KEY,
        eventTimestampMs: MARCH.getTime(),
        code: 'EVENT_TIMESTAMP_INVALID',
        reason: /^known_at must/,
      },
    ],
    [
      'a created timestamp that Redis cannot hold',
      { known_at: new Date(2 ** 47) },
      {
        ...KEY,
        eventTimestampMs: MARCH.getTime(),
        code: 'EVENT_TIMESTAMP_INVALID',
        reason: /^known_at must/,
      },
    ],
    [
      'an event more than five minutes ahead',
      { at: new Date(NOW_MS + 300_001) },
      {
        ...KEY,
        eventTimestampMs: NOW_MS + 300_001,
        code: 'EVENT_TIMESTAMP_IN_FUTURE',
        reason: /2026-06-01T00:05:00.001Z/,
      },
    ],
  ])('%s', (_, members, expected) => {
    const { rows, failures, duplicates } = prepareRows([source(members), source({ ad_id: 'good' })], KNOWN);
    expect(rows.map(({ entityKey }) => entityKey)).toEqual(['good|7']);
    expect(duplicates).toBe(0);
    const { reason, ...failure } = expected as { reason: RegExp };
    expect(failures).toEqual([{ ...failure, reason: expect.stringMatching(reason) }]);
  });

  test('keys of exactly as many bytes as history allows are valid', () => {
    expect(only({ ad_id: 'x'.repeat(999) }).entityKey).toHaveLength(1_001);
  });

  test('may be retried only when the caller allows it', () => {
    const row = only({});
    const failure = { ...KEY, eventTimestampMs: MARCH.getTime(), code: 'X', reason: 'why' };
    expect(rowFailure(row, 'X', 'why')).toEqual(failure);
    expect(rowFailure(row, 'X', 'why', true)).toEqual({ ...failure, retryable: true });
  });
});

test('of rows with the same key, event and created timestamp the last one wins', () => {
  const later = new Date('2026-03-02');
  const given = [
    source({ clicks: 1n }),
    source({ clicks: 2n, ad_id: 'b' }),
    source({ clicks: 3n, known_at: later }),
    source({ clicks: 4n, at: new Date('2026-02-01') }),
    source({ clicks: 5n }),
    source({ clicks: 6n, user_id: 8n }),
  ];
  const { rows, duplicates } = prepareRows(given, KNOWN);
  expect(rows.map((row) => row.source['clicks'])).toEqual([5n, 2n, 3n, 4n, 6n]);
  expect(duplicates).toBe(1);
});

test('the clock defaults to that of the machine', () => {
  const { clock: _, ...options } = KNOWN;
  const at = new Date(Date.now() + HOUR_MS);
  expect(prepare({ at }, options).failures).toMatchObject([{ code: 'EVENT_TIMESTAMP_IN_FUTURE' }]);
});
