import { existsSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newId } from '@larder/core';
import { expect, inject, test } from 'vitest';
import { logger } from '../testing/inference-test.ts';
import { foldersOf, sweepFolder } from './sweep-folder.ts';

const DAY_MS = 86_400_000;

/** A folder with an entry of each kind, of now and of three days ago. */
function fill() {
  const folder = join(inject('testFolder'), `sweep-${newId()}`);
  const folders = foldersOf(folder);
  const entries = (ageMs: number) => {
    const set = folders.setOf(newId());
    const upload = folders.uploadOf(newId(), 'csv');
    const comparison = join(folders.temporary, `comparison-${newId()}`);
    const foreign = join(folder, `notes-${ageMs}`);
    for (const each of [set, foreign, comparison]) {
      mkdirSync(each, { recursive: true });
      writeFileSync(join(each, 'manifest.json'), '{}');
    }
    mkdirSync(join(folder, 'uploads'), { recursive: true });
    writeFileSync(upload, 'ad_id\n');
    const at = new Date(Date.now() - ageMs);
    for (const each of [set, foreign, upload, comparison]) utimesSync(each, at, at);
    return { set, foreign, upload, comparison };
  };
  return { folder, old: entries(3 * DAY_MS), young: entries(0) };
}

test('sets whose time is over, uploads and comparisons of dead services are deleted, nothing else', async () => {
  const { folder, old, young } = fill();
  const sweep = sweepFolder({ folder, keptMs: 2 * DAY_MS, logger });
  await expect.poll(() => [old.set, old.upload, old.comparison].some((each) => existsSync(each))).toBe(false);
  await sweep.stop();
  expect([old.foreign, ...Object.values(young)].filter((each) => !existsSync(each))).toEqual([]);
});

test('forever: sets stay, uploads of dead services do not', async () => {
  const { folder, old, young } = fill();
  const sweep = sweepFolder({ folder, keptMs: 'forever', logger });
  await expect.poll(() => existsSync(old.upload)).toBe(false);
  await sweep.stop();
  expect([old.set, old.foreign, ...Object.values(young)].filter((each) => !existsSync(each))).toEqual([]);
});

test('a folder that does not exist yet is empty', async () => {
  const folder = join(inject('testFolder'), `sweep-${newId()}`);
  const sweep = sweepFolder({ folder, keptMs: DAY_MS, logger });
  await expect.poll(() => existsSync(join(folder, 'uploads'))).toBe(true);
  await sweep.stop();
});
