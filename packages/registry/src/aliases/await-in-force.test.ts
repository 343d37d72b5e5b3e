import { newId } from '@larder/core';
import { announceProcess, listProcesses, type LoadedModel, type OfflineStore } from '@larder/offline-store';
import { expect, onTestFinished } from 'vitest';
import { awaitInForce, type FleetStanding } from '../index.ts';
import { silent } from '../testing/registry.ts';
import { newProject, test } from '../testing/versions.ts';

interface Announced {
  models: LoadedModel[];
  announceNow(): void;
}

/** An inference process that announces what it is told to; it is announced. */
async function inference(store: OfflineStore, project: string, models: LoadedModel[]): Promise<Announced> {
  const told = { models };
  const processId = newId();
  const announced = announceProcess(
    store,
    { processId, project, role: 'inference', describe: () => told },
    { logger: silent },
  );
  onTestFinished(() => announced.close());
  await expect
    .poll(() => listProcesses(store, project))
    .toContainEqual(expect.objectContaining({ processId }));
  return Object.assign(told, { announceNow: () => announced.announceNow() });
}

type Alias = NonNullable<LoadedModel['aliases']>[number];

const serves = (version: number | null, alias: Partial<Alias> = {}): LoadedModel => ({
  model: 'ctr',
  version,
  ready: version !== null,
  reads: [],
  aliases: [{ alias: 'champion', move_id: null, problem: null, ...alias }],
});
const move = { model: 'ctr', alias: 'champion', moveId: 12 };
const reasons = ({ waiting }: FleetStanding) => waiting.map(({ reason }) => reason);

test('without an inference process there is nobody to wait for', async ({ store }) => {
  const project = newProject();
  expect(await awaitInForce(store, { project, ...move, timeoutMs: 60_000 })).toEqual({
    inForce: [],
    waiting: [],
  });
});

test('the wait ends when the last process announces the move or a later one, and shows its progress', async ({
  store,
}) => {
  const project = newProject();
  const first = await inference(store, project, [serves(1)]);
  const second = await inference(store, project, [
    serves(1, { move_id: 11 }),
    { ...serves(2), model: 'other' },
  ]);
  const progress: string[] = [];
  const waited = awaitInForce(store, {
    project,
    ...move,
    timeoutMs: 60_000,
    onProgress({ inForce, waiting }) {
      progress.push(`${inForce.length} of ${inForce.length + waiting.length}`);
      if (inForce.length === 0 && waiting.length === 2) {
        first.models = [serves(2, { move_id: 12 })];
        first.announceNow();
      } else if (inForce.length === 1) {
        second.models = [serves(3, { move_id: 13 })];
        second.announceNow();
      }
    },
  });
  const { inForce, waiting } = await waited;
  expect(inForce).toHaveLength(2);
  expect(waiting).toEqual([]);
  expect(progress).toEqual(expect.arrayContaining(['0 of 2', '1 of 2']));
});

test('processes that cannot serve the move end the wait and say why', async ({ store }) => {
  const project = newProject();
  await inference(store, project, [serves(2, { move_id: 12 })]);
  const problem = { move_id: 12, version: 2, reason: 'MODEL_GOLDEN_MISMATCH: The model does not…' };
  await inference(store, project, [serves(1, { problem })]);
  const { aliases: _aliases, ...old } = serves(1);
  await inference(store, project, [old]);
  const standing = await awaitInForce(store, { project, ...move, timeoutMs: 60_000 });
  expect(standing.inForce).toHaveLength(1);
  expect(reasons(standing).toSorted()).toEqual([
    'cannot serve version 2 and keeps version 1: MODEL_GOLDEN_MISMATCH: The model does not…',
    expect.stringMatching(/^runs Larder \S+, which knows no aliases .*replace it with this release$/),
  ]);
});

test('at the end of the time, the processes that are not warm are named', async ({ store }) => {
  const project = newProject();
  // The problem is that of an earlier move: this one may still load.
  const problem = { move_id: 11, version: 9, reason: 'ARTIFACT_INVALID: …' };
  await inference(store, project, [serves(1, { move_id: 10, problem })]);
  await inference(store, project, [serves(null)]);
  await inference(store, project, []);
  const cold = await awaitInForce(store, { project, ...move, timeoutMs: 0 });
  expect(reasons(cold).toSorted()).toEqual([
    'answers with none until it has loaded and warmed the new one',
    'has not loaded it yet',
    'keeps version 1 until it has loaded and warmed the new one',
  ]);
  await store.pool.query(
    `update larder.processes set heartbeat_at = now() - interval '12 seconds' where project = $1`,
    [project],
  );
  const { waiting } = await awaitInForce(store, { project, ...move, timeoutMs: 0 });
  expect(waiting.map(({ reason }) => reason).join('\n')).toMatch(/silent for \d\d s: it may have died/);
});

test('the wait ends early when it is told to', async ({ store }) => {
  const project = newProject();
  await inference(store, project, [serves(1)]);
  const stop = new AbortController();
  const { waiting } = await awaitInForce(store, {
    project,
    ...move,
    timeoutMs: 3_600_000,
    signal: stop.signal,
    onProgress: () => stop.abort(),
  });
  expect(waiting).toHaveLength(1);
});
