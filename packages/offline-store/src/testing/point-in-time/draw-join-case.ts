import type { FeatureViewManifest, FieldManifest, FieldValue } from '@larder/features';
import fc from 'fast-check';
import type { HistoryProject, HistoryRow, PointInTimeJoin } from '../../index.ts';
import { view } from '../store.ts';
import type { Chunk, JoinCase, SpineRow } from './join-case.ts';

const EVERY_TYPE: readonly FieldManifest[] = [
  { name: 'f32', type: 'float32' },
  { name: 'f64', type: 'float64' },
  { name: 'big', type: 'int64' },
  { name: 'count', type: 'int64', safe: true },
  { name: 'flag', type: 'bool' },
  { name: 'select', type: 'string' },
  { name: 'seen_at', type: 'timestamp' },
  { name: 'embedding', type: 'vector', length: 3 },
  { name: 'payload', type: 'json' },
];

const JOIN_KEYS = [
  { name: 'row', type: 'int64' },
  { name: 'ad_id', type: 'string' },
] as const satisfies readonly FieldManifest[];

/** An entity with a composite key; a join key and features have names that SQL, or the spine, uses for something else. */
export const joinProject: HistoryProject = {
  project: 'joined',
  entities: { user_ad: { name: 'user_ad', join_keys: JOIN_KEYS } },
};

/** Two versions of one view, and another one. */
export const joinViews: readonly FeatureViewManifest[] = [
  view('wide', EVERY_TYPE, 'user_ad'),
  {
    ...view(
      'wide',
      [
        { name: 'f32', type: 'float64' },
        { name: 'event', type: 'string' },
      ],
      'user_ad',
    ),
    version: 2,
  },
  view('narrow', [{ name: 'order', type: 'int64' }], 'user_ad'),
];

/** Characters that would end a CSV value, a literal or a line; keys that differ only beyond UTF-16. */
const TEXTS = ['', 'a', '"a"', 'a\nb', 'a,b\r\n', "it's \\N \\.", '\uFFFD', '😀', 'NULL', ' '];
const KEYS = [1n, 2n ** 62n].flatMap((row) => ['', 'a"\n'].map((ad_id) => ({ row, ad_id })));
const UNKNOWN_KEY = { row: -(2n ** 63n), ad_id: 'nobody' };

/** Around the ends of months, and of summer time in New York, which the tests' database has as its time zone. */
const INSTANTS_MS = [
  Date.UTC(2025, 10, 2, 5, 59, 59, 999),
  Date.UTC(2025, 10, 2, 6),
  Date.UTC(2025, 10, 30, 23, 59, 59, 999),
  Date.UTC(2025, 11, 1),
  Date.UTC(2025, 11, 1, 0, 0, 0, 1),
  Date.UTC(2026, 1, 15),
];
const DAY_MS = 86_400_000;
const LANDED_BEFORE_MS = Date.UTC(2026, 5, 1);

const text = fc.oneof(
  fc.constantFrom(...TEXTS),
  fc.string({ unit: 'binary', maxLength: 4 }).filter((drawn) => !drawn.includes('\0')),
);
const floats = [0, -0, Number.NaN, Infinity, -Infinity, 5e-324, 0.1, 2 ** 53 + 2, -1.5e300] as const;
const valueOf: Readonly<Record<FieldManifest['type'], fc.Arbitrary<FieldValue>>> = {
  float32: fc.oneof(fc.float(), fc.constantFrom(0.1, -0, Number.NaN).map(Math.fround)),
  float64: fc.oneof(fc.double(), fc.constantFrom(...floats)),
  int64: fc.constantFrom(0n, 2n ** 53n + 1n, -(2n ** 63n), 2n ** 63n - 1n),
  bool: fc.boolean(),
  string: text,
  timestamp: fc
    .constantFrom(0, -1, Date.UTC(-1, 0), Date.UTC(2026, 0, 1, 0, 0, 0, 1), 8.64e15)
    .map((ms) => new Date(ms)),
  vector: fc.array(fc.float(), { minLength: 3, maxLength: 3 }).map((drawn) => Float32Array.from(drawn)),
  json: fc.constantFrom<FieldValue>({ a: [1, null, '"\n'] }, [], '', 0.5, false, { '': {} }),
};

function valuesOf(schema: readonly FieldManifest[]): fc.Arbitrary<HistoryRow['values']> {
  return fc.record(
    Object.fromEntries(
      schema.map((field) => [
        field.name,
        fc.option(field.safe ? fc.maxSafeInteger() : valueOf[field.type], { freq: 4 }),
      ]),
    ),
  );
}

/** Rows whose times often tie, with late ones (created after the event), corrections and ends. */
function historyOf({ schema }: FeatureViewManifest): fc.Arbitrary<HistoryRow[]> {
  const row = fc.record({
    keys: fc.constantFrom(...KEYS),
    eventTimestampMs: fc.constantFrom(...INSTANTS_MS),
    createdAfterMs: fc.constantFrom(0, 0, 1, DAY_MS, 40 * DAY_MS, -DAY_MS),
    revision: fc.integer({ min: 1, max: 3 }),
    chunkId: fc.integer({ min: 1, max: 5 }),
    isGone: fc.constantFrom(false, false, false, true),
    values: valuesOf(schema),
  });
  const rows = fc.uniqueArray(row, {
    maxLength: 30,
    selector: ({ keys, eventTimestampMs, createdAfterMs, revision }) =>
      [keys.row, keys.ad_id, eventTimestampMs, createdAfterMs, revision].join('|'),
  });
  return rows.map((drawn) =>
    drawn.map(({ createdAfterMs, isGone, values, ...rest }): HistoryRow => ({
      ...rest,
      createdTimestampMs: rest.eventTimestampMs + createdAfterMs,
      inputHash: 0n,
      ...(isGone ? { isGone, values: {} } : { values }),
    })),
  );
}

const chunkOf = (chunkId: number): fc.Arbitrary<Chunk> =>
  fc.record({
    chunkId: fc.constant(chunkId),
    landedAtMs: fc.constantFrom(LANDED_BEFORE_MS - 1, LANDED_BEFORE_MS - DAY_MS, LANDED_BEFORE_MS),
    onlineAtUs: fc.option(
      fc
        .tuple(fc.constantFrom(...INSTANTS_MS), fc.constantFrom(0n, 1n, 1_000_000n))
        .map(([ms, us]) => BigInt(ms) * 1_000n + us),
      { freq: 5 },
    ),
  });

/** A random join with random histories; times of the spine lie at, one microsecond before and after the edges. */
export const drawJoinCase: fc.Arbitrary<JoinCase> = fc
  .record({
    cutOff: fc.constantFrom('created' as const, 'online' as const),
    // A view may be asked for twice, in any order.
    views: fc.array(fc.nat(joinViews.length - 1), { minLength: 1, maxLength: 3 }),
    ttls: fc.array(fc.constantFrom('forever' as const, 1, DAY_MS, 29 * DAY_MS), {
      minLength: 3,
      maxLength: 3,
    }),
    chosen: fc.array(fc.subarray([...EVERY_TYPE.keys()], { minLength: 1 }), { minLength: 3, maxLength: 3 }),
    histories: fc.tuple(...joinViews.map(historyOf)),
    chunks: fc.tuple(...[1, 2, 3, 4, 5].map(chunkOf)),
  })
  .chain(({ cutOff, views, ttls, chosen, histories, chunks }) => {
    const join: PointInTimeJoin = {
      project: joinProject,
      entity: { name: 'user_ad', join_keys: JOIN_KEYS },
      views: views.map((drawn, at) => {
        const manifest = joinViews[drawn] as FeatureViewManifest;
        const features = (chosen[at] as number[])
          .flatMap((index) => manifest.schema[index] ?? [])
          .toReversed();
        return { view: manifest, features, ttlMs: ttls[at] as number | 'forever' };
      }),
      cutOff,
      landedBefore: new Date(LANDED_BEFORE_MS),
    };
    const edges = [
      ...new Set([
        ...INSTANTS_MS.map((ms) => BigInt(ms) * 1_000n),
        ...chunks.flatMap(({ onlineAtUs }) => onlineAtUs ?? []),
        ...ttls.flatMap((ms) => (ms === 'forever' ? [] : INSTANTS_MS.map((at) => BigInt(at + ms) * 1_000n))),
      ]),
    ];
    const spineRow = fc.record({
      keys: fc.oneof(
        { weight: 9, arbitrary: fc.constantFrom(...KEYS) },
        { weight: 1, arbitrary: fc.constant(UNKNOWN_KEY) },
      ),
      atUs: fc
        .tuple(fc.constantFrom(...edges), fc.constantFrom(-1n, 0n, 0n, 1n))
        .map(([edge, by]) => edge + by),
    });
    return (
      fc
        .array(spineRow, { minLength: 1, maxLength: 25 })
        // Every other row twice.
        .map((drawn) => drawn.flatMap((row, at) => (at % 2 === 0 ? [row, row] : [row])))
        .map((drawn): JoinCase => ({
          join,
          histories: views.map((index) => histories[index] as HistoryRow[]),
          chunks,
          spine: drawn.map((row, at): SpineRow => ({ ...row, row: at })),
        }))
    );
  });
