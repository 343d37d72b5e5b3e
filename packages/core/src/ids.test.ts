import { afterEach, describe, expect, test, vi } from 'vitest';
import { newId } from './ids.ts';

const UUID_7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const many = (count: number) => Array.from({ length: count }, newId);
const timeMs = (id: string) => Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
const counter = (id: string) => Number.parseInt(id.slice(15, 18), 16);
/** Everything but time, version and counter, including the two variant bits. */
const random = (id: string) => id.slice(19);

test('ids are UUIDv7 of now, in growing order, none twice', () => {
  const before = Date.now();
  const ids = many(20_000);
  expect(ids.filter((id) => !UUID_7.test(id))).toEqual([]);
  expect(ids.toSorted()).toEqual(ids);
  expect(new Set(ids).size).toBe(ids.length);
  const [first = ''] = ids;
  expect(timeMs(first)).toBeGreaterThanOrEqual(before - 50);
  expect(timeMs(first)).toBeLessThanOrEqual(Date.now() + 50);
});

test('62 bits are random: every digit takes every value, and no two ids share them', () => {
  const tails = many(20_000).map(random);
  expect(new Set(tails).size).toBe(tails.length);
  for (let at = 0; at < 17; at++) {
    const digits = [...new Set(tails.map((tail) => tail[at] ?? ''))]
      .toSorted((a, b) => (a < b ? -1 : 1))
      .join('');
    expect(digits).toBe(at === 0 ? '89ab' : at === 4 ? '-' : '0123456789abcdef');
  }
});

describe('by a clock', () => {
  // far ahead of the time of the ids above
  const NOW_MS = Date.parse('2099-01-01');
  afterEach(() => vi.useRealTimers());

  test('that stops, ids count, and borrow the next millisecond when the counter is used up', () => {
    vi.useFakeTimers({ now: NOW_MS, toFake: ['Date'] });
    const ids = many(10_000);
    expect(timeMs(ids[0] ?? '')).toBe(NOW_MS);
    expect(ids.toSorted()).toEqual(ids);
    const steps = ids.slice(1).map((id, i) => {
      const last = ids[i] ?? '';
      return timeMs(id) === timeMs(last)
        ? `counter + ${counter(id) - counter(last)}`
        : `time + ${timeMs(id) - timeMs(last)} after ${counter(last)}`;
    });
    expect(new Set(steps)).toEqual(new Set(['counter + 1', 'time + 1 after 4095']));
    // 2,048 to 4,096 ids a millisecond
    expect(timeMs(ids.at(-1) ?? '') - NOW_MS).toBeGreaterThanOrEqual(2);
    expect(timeMs(ids.at(-1) ?? '') - NOW_MS).toBeLessThanOrEqual(4);
  });

  test('that is set back, ids go on growing', () => {
    vi.useFakeTimers({ now: NOW_MS + 1_000, toFake: ['Date'] });
    const last = newId();
    vi.setSystemTime(NOW_MS);
    const ids = [last, ...many(100)];
    expect(ids.toSorted()).toEqual(ids);
    expect(timeMs(ids.at(-1) ?? '')).toBe(NOW_MS + 1_000);
  });

  test('each millisecond counts from a random start that leaves half of the counter free', () => {
    vi.useFakeTimers({ now: NOW_MS + 2_000, toFake: ['Date'] });
    const starts = Array.from({ length: 2_000 }, (_, i) => {
      vi.setSystemTime(NOW_MS + 2_001 + i);
      return newId();
    }).map(counter);
    expect(Math.max(...starts)).toBeLessThanOrEqual(0x7ff);
    expect(Math.max(...starts)).toBeGreaterThan(0x6ff);
    expect(Math.min(...starts)).toBeLessThan(0x100);
    expect(new Set(starts.map((start) => start & 0xff)).size).toBeGreaterThan(200);
  });

  test('of a far year, all 48 bits of the time are there', () => {
    vi.useFakeTimers({ now: 8.64e15, toFake: ['Date'] });
    expect(timeMs(newId())).toBe(8.64e15 % 2 ** 48);
  });
});
