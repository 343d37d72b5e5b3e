import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '@larder/core';
import { projectKeyHasher, trainingSetsWithKey } from '@larder/offline-store';
import { expect } from 'vitest';
import { test, type History } from '../testing/history-test.ts';
import { buildTrainingSet } from './build-training-set.ts';
import { listTrainingSets } from './record/read-training-sets.ts';

const CHILD = join(import.meta.dirname, '../../fixtures/killed-build.ts');

/** Builds `folder/set` in a process that is killed at the point. */
async function killedBuild(
  history: History,
  { url, folder, point }: Record<'url' | 'folder' | 'point', string>,
) {
  const spine = join(folder, 'spine.csv');
  await writeFile(spine, 'ad_id,event_timestamp\nad-1,2026-03-10T12:00:00Z\n');
  const args = [CHILD, url, history.project.configPath, spine, join(folder, 'set'), point];
  const signal = await new Promise((resolve) => {
    execFile(process.execPath, args, (error, _, stderr) => resolve(error?.signal ?? stderr));
  });
  expect(signal).toBe('SIGKILL');
}

function buildHere({ store, definitions }: History, folder: string, name: string) {
  return buildTrainingSet(
    { store, definitions, connections: {}, actor: 'test', clock: systemClock },
    {
      features: { kind: 'list', references: ['ad_image'] },
      spine: { kind: 'file', path: join(folder, 'spine.csv'), format: 'csv' },
      folder: join(folder, name),
    },
  );
}

async function holders({ store }: History, key: string): Promise<(string | null)[]> {
  const keyHash = (await projectKeyHasher(store, 'shop'))('ad', key);
  return (await trainingSetsWithKey(store, { project: 'shop', keyHash })).map(({ folder }) => folder);
}

async function statusOf({ store }: History, folder: string) {
  const { trainingSets } = await listTrainingSets(store, 'shop', { limit: 100 });
  return trainingSets.find((set) => set.folder === folder);
}

test('killed when its folder is there: the next build marks it complete, and a receipt names it', async ({
  history,
  database,
  folder,
}) => {
  await killedBuild(history, { url: database.url, folder, point: 'complete' });
  const set = join(folder, 'set');
  expect(existsSync(join(set, 'manifest.json'))).toBe(true);
  expect(await statusOf(history, set)).toMatchObject({ status: 'building', manifest: null });
  expect(await holders(history, 'ad-1')).toContain(set);

  await expect(buildHere(history, folder, 'set')).rejects.toMatchObject({ code: 'FOLDER_NOT_EMPTY' });
  await buildHere(history, folder, 'other');
  expect(await statusOf(history, set)).toMatchObject({
    status: 'complete',
    manifest: { spine: { rows: 1 } },
    error: null,
  });
  expect(await holders(history, 'ad-1')).toContain(set);
  expect(await holders(history, 'ad-2')).not.toContain(set);
  const { rows } = await history.store.pool.query<{ subject: string }>(
    `select subject from larder.audit where action = 'training-set.build'`,
  );
  const id = (await statusOf(history, set))?.trainingSetId ?? '';
  expect(rows.filter(({ subject }) => subject === `training set ${id}`)).toHaveLength(1);
});

test('killed in the middle of the join: nothing looks complete, and the next build into the folder works', async ({
  history,
  database,
  folder,
}) => {
  await killedBuild(history, { url: database.url, folder, point: 'join' });
  const set = join(folder, 'set');
  expect(existsSync(set)).toBe(false);
  await buildHere(history, folder, 'set');
  expect((await readdir(folder)).toSorted()).toEqual(['set', 'spine.csv']);
  const { trainingSets } = await listTrainingSets(history.store, 'shop', { limit: 100 });
  expect(trainingSets.filter((each) => each.folder === set).map(({ status }) => status)).toEqual([
    'complete',
    'failed',
  ]);
});
