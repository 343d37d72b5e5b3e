import fc from 'fast-check';
import { expect, test } from 'vitest';
import { orderAt } from '../testing/views.ts';
import { statsView, tilesOf, windowsAt, type ShownEvent } from '../testing/windowed-views.ts';
import { compileTileCodec } from './tile-codec.ts';
import { compileWindowFeatures, WindowValues } from './window-values.ts';

const codec = compileTileCodec(statsView);
const features = compileWindowFeatures(
  statsView,
  statsView.schema.map(({ name }) => name),
);

function valueOf(values: WindowValues, feature: number): number {
  values.evaluate(features[feature] as (typeof features)[number]);
  return values.result[0] as number;
}

/** A whole number of every hop. */
const BORDER = 1_795_200_000_000 - (1_795_200_000_000 % 7_200_000);

const event: fc.Arbitrary<ShownEvent> = fc.record({
  atMs: fc
    .oneof(
      fc.integer({ min: -30 * 3_600_000, max: 300_000 }),
      fc.integer({ min: -13, max: 1 }).map((hops) => hops * 300_000),
      fc.integer({ min: -13, max: 1 }).map((hops) => hops * 10_000 - 1),
    )
    .map((ms) => BORDER + ms),
  bid: fc.option(fc.double({ min: -100, max: 100, noNaN: true }), { nil: null }),
  user: fc.nat(40).map(String),
  page: fc.nat(3).map(String),
});
const moment = fc
  .oneof(fc.constantFrom(-1, 0, 1), fc.integer({ min: 0, max: 90_000_000 }))
  .map((ms) => BORDER + ms);

test('the windows of a row are those of its events at any moment', () => {
  const values = new WindowValues(statsView);
  fc.assert(
    fc.property(fc.array(event, { maxLength: 25 }), moment, (events, nowMs) => {
      const row = codec.encode(orderAt(1), tilesWithin(events, nowMs));
      expect(values.moveTo(row, nowMs)).toBe(true);
      const expected = windowsAt(events, nowMs);
      for (const [at, { name }] of statsView.schema.entries()) {
        const value = valueOf(values, at);
        expect(Number.isNaN(value)).toBe(expected[name] === null);
        // the order of additions differs
        expect(Number.isNaN(value) ? 0 : value).toBeCloseTo(expected[name] ?? 0, 9);
      }
    }),
    { numRuns: 300 },
  );
});

/** A row has no more tiles than its windows can need. */
function tilesWithin(events: readonly ShownEvent[], nowMs: number) {
  return tilesOf(events.filter(({ atMs }) => Math.abs(atMs - nowMs) < 300_000_000)).filter(
    ({ window, index }) => {
      const { windowMs, hopMs } = codec.layout.windows[window] as { windowMs: number; hopMs: number };
      return index * hopMs >= nowMs - windowMs - hopMs - 300_000 && index * hopMs < nowMs + 300_000;
    },
  );
}

test('at the border of a hop the oldest tile leaves, and the next begins', () => {
  const values = new WindowValues(statsView);
  const shown = (nowMs: number, atMs: number) => {
    const row = codec.encode(orderAt(1), tilesOf([{ atMs, bid: 1, user: 'a', page: 'b' }]));
    values.moveTo(row, nowMs);
    return [valueOf(values, 0), values.tilesOf(0), values.oldestTileOf(0)];
  };
  const tile = BORDER / 300_000;
  const oneHour = 3_600_000;
  // an event at the border is in the tile that begins there
  expect(shown(BORDER, BORDER)).toEqual([1, 1, tile]);
  expect(shown(BORDER - 1, BORDER)).toEqual([0, 0, null]);
  // it counts until the tile that begins an hour later has ended
  expect(shown(BORDER + oneHour + 299_999, BORDER)).toEqual([1, 1, tile]);
  expect(shown(BORDER + oneHour + 300_000, BORDER)).toEqual([0, 0, null]);
  expect(shown(BORDER + oneHour + 299_999, BORDER + 299_999)).toEqual([1, 1, tile]);
});

test('an event later in the running tile that is already known counts', () => {
  const values = new WindowValues(statsView);
  const row = codec.encode(orderAt(1), tilesOf([{ atMs: BORDER + 250_000, bid: 1, user: 'a', page: 'b' }]));
  values.moveTo(row, BORDER + 1);
  expect(valueOf(values, 0)).toBe(1);
});

test('rows of growing size one after another are read right, and a damaged one has no values', () => {
  const values = new WindowValues(statsView);
  for (const count of [1, 200, 3]) {
    const events = Array.from({ length: count }, (_, at) => ({
      atMs: BORDER - at,
      bid: at,
      user: `${at}`,
      page: `${at}`,
    }));
    expect(values.moveTo(codec.encode(orderAt(1), tilesOf(events)), BORDER)).toBe(true);
    expect(valueOf(values, 0)).toBe(count);
  }
  expect(values.moveTo(codec.encode(orderAt(1), []).subarray(1), BORDER)).toBe(false);
  expect(values.moveTo(Buffer.alloc(0), BORDER)).toBe(false);
});
