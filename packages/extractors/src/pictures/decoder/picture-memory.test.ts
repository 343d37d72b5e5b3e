import { fstatSync, openSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import {
  closePictureMemory,
  openPictureMemory,
  readRegion,
  trimPictureMemory,
  writeRegion,
} from './picture-memory.ts';

test('regions keep what was written into each, and a region that holds less says so', () => {
  const memory = openPictureMemory();
  try {
    const [first, second] = [Buffer.alloc(300_000, 1), Buffer.alloc(70_000, 2)];
    writeRegion(memory, 1, second);
    writeRegion(memory, 0, first);
    const [a, b] = [Buffer.alloc(first.length), Buffer.alloc(second.length)];
    expect([readRegion(memory, 0, a), readRegion(memory, 1, b)]).toEqual([true, true]);
    expect([a.equals(first), b.equals(second)]).toEqual([true, true]);
    expect(readRegion(memory, 1, Buffer.alloc(second.length + 1))).toBe(false);
  } finally {
    closePictureMemory(memory);
  }
});

test('the memory has no name that another process could open or that a kill could leave behind', () => {
  const memory = openPictureMemory();
  const names = ['/dev/shm', tmpdir()].flatMap((folder) => {
    try {
      return readdirSync(folder);
    } catch {
      return [];
    }
  });
  closePictureMemory(memory);
  expect(names.filter((name) => name.startsWith('larder-picture-'))).toEqual([]);
});

test('memory of a large picture is released, memory for small ones is kept', () => {
  const memory = openPictureMemory();
  const taken = () => fstatSync(memory).blocks * 512;
  writeRegion(memory, 1, Buffer.alloc(300_000, 1));
  trimPictureMemory(memory);
  expect(taken()).toBeGreaterThanOrEqual(300_000);
  writeRegion(memory, 0, Buffer.alloc(50_000_000, 1));
  trimPictureMemory(memory);
  expect(taken()).toBe(0);
  closePictureMemory(memory);
});

test.runIf(process.platform === 'linux')('a full memory is an error, not lost pixels', () => {
  const memory = openSync('/dev/full', 'w');
  expect(() => writeRegion(memory, 0, Buffer.alloc(10))).toThrow(/ENOSPC/);
  closePictureMemory(memory);
});
