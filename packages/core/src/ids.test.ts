import { expect, test } from 'vitest';
import { newId } from './ids.ts';

test('ids are UUIDv7 of now, in growing order, none twice', () => {
  const before = Date.now();
  const ids = Array.from({ length: 20_000 }, newId);
  for (const id of ids)
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(ids.toSorted()).toEqual(ids);
  expect(new Set(ids).size).toBe(ids.length);
  const [first = ''] = ids;
  const atMs = Number.parseInt(first.slice(0, 8) + first.slice(9, 13), 16);
  expect(atMs).toBeGreaterThanOrEqual(before - 50);
  expect(atMs).toBeLessThanOrEqual(Date.now() + 50);
});
