import { expect } from 'vitest';
import {
  dropAlias,
  markVersion,
  moveAlias,
  readAliasMoves,
  readAliases,
  readRevision,
  rollback,
} from '../index.ts';
import { readDecidingMoves } from './read-aliases.ts';
import { addVersions, newProject, test } from '../testing/versions.ts';

const by = { actor: 'ada', reason: 'better' };

test('champion follows the newest complete version until its first move pins it', async ({ store }) => {
  const project = newProject();
  await addVersions(store, project, [{ complete: true }, { complete: true }, { complete: false }]);
  const id = { project, model: 'ctr', alias: 'champion' };
  expect(await readAliases(store, project)).toEqual([
    { model: 'ctr', alias: 'champion', version: 2, move: null, earlier: [1], promoted: [] },
  ]);
  const before = await readRevision(store, project);
  const { move, changed } = await moveAlias(store, { ...id, ...by, toVersion: 2, expectedMoveId: null });
  expect(changed).toBe(true);
  expect(move).toMatchObject({
    previousMoveId: null,
    fromVersion: 2,
    toVersion: 2,
    kind: 'promote',
    actor: 'ada',
    reason: 'better',
  });
  expect((await readRevision(store, project)).revision).toBeGreaterThan(before.revision);
  await addVersions(store, project, [{ complete: true }]);
  expect(await readAliases(store, project)).toEqual([
    { model: 'ctr', alias: 'champion', version: 2, move, earlier: [1], promoted: [] },
  ]);
  expect(await readAliasMoves(store, project)).toEqual([move]);
});

test('a version that is bad, incomplete, collected or unknown is refused, with what to do', async ({
  store,
}) => {
  const project = newProject();
  await addVersions(store, project, [
    { complete: true },
    { complete: true, collected: true },
    { complete: false },
    { complete: true },
  ]);
  const id = { project, model: 'ctr', alias: 'champion', ...by };
  const refused = async (toVersion: number) =>
    moveAlias(store, { ...id, toVersion }).then(
      () => null,
      (error: { code: string; message: string }) => ({ code: error.code, message: error.message }),
    );
  await markVersion(store, {
    project,
    model: 'ctr',
    version: 1,
    mark: 'bad',
    actor: 'bea',
    reason: 'scores zero',
  });
  expect(await refused(1)).toEqual({
    code: 'MODEL_VERSION_BAD',
    message: expect.stringMatching(
      /^bea marked ctr@1 as bad on .*: scores zero\. .*larder models ctr@1 mark-good/,
    ),
  });
  expect(await refused(2)).toMatchObject({ code: 'MODEL_VERSION_COLLECTED' });
  expect(await refused(3)).toMatchObject({ code: 'MODEL_VERSION_INCOMPLETE' });
  expect(await refused(9)).toEqual({
    code: 'MODEL_VERSION_NOT_FOUND',
    message: 'ctr has no version 9; the newest is 4. List them: larder models ctr',
  });
  await expect(moveAlias(store, { ...id, model: 'other', toVersion: 1 })).rejects.toMatchObject({
    code: 'MODEL_NOT_FOUND',
  });
  await expect(moveAlias(store, { ...id, alias: '7', toVersion: 4 })).rejects.toMatchObject({
    code: 'REQUEST_INVALID',
  });
  expect(await readAliasMoves(store, project)).toEqual([]);
  await markVersion(store, { project, model: 'ctr', version: 1, mark: 'good', ...by });
  await moveAlias(store, { ...id, toVersion: 1 });
  await moveAlias(store, { ...id, toVersion: 3, acceptIncomplete: true });
  expect(await readAliases(store, project)).toMatchObject([{ version: 3, earlier: [1, 4], promoted: [1] }]);
});

test('the same promote again changes nothing, also when its answer was lost', async ({ store }) => {
  const project = newProject();
  await addVersions(store, project, [{ complete: true }, { complete: true }]);
  const options = { project, model: 'ctr', alias: 'champion', ...by, toVersion: 1, expectedMoveId: null };
  const first = await moveAlias(store, options);
  expect(await moveAlias(store, options)).toEqual({ move: first.move, changed: false });
  expect(await moveAlias(store, { ...options, expectedMoveId: first.move.moveId })).toEqual({
    move: first.move,
    changed: false,
  });
  await expect(moveAlias(store, { ...options, actor: 'bea' })).rejects.toMatchObject({
    code: 'ALIAS_MOVED',
    message: expect.stringMatching(
      /^The alias champion of ctr is not where it was: ada moved it from 2 to 1 on .*larder models ctr$/,
    ),
  });
  expect(await readAliasMoves(store, project)).toHaveLength(1);
});

test('a followed version that changed in the meantime is not what was promoted over', async ({ store }) => {
  const project = newProject();
  await addVersions(store, project, [{ complete: true }]);
  await addVersions(store, project, [{ complete: true }]);
  const options = { project, model: 'ctr', alias: 'champion', ...by, toVersion: 1, expectedMoveId: null };
  await expect(moveAlias(store, { ...options, expectedVersion: 1 })).rejects.toMatchObject({
    code: 'ALIAS_MOVED',
    message: expect.stringContaining('nobody has moved it, it follows version 2'),
  });
  expect((await moveAlias(store, { ...options, expectedVersion: 2 })).move.fromVersion).toBe(2);
});

test('a rollback goes to the newest version in force before that is not bad, and marks the one it leaves', async ({
  store,
}) => {
  const project = newProject();
  await addVersions(store, project, [{ complete: true }, { complete: true }, { complete: true }]);
  const id = { project, model: 'ctr', alias: 'champion', ...by };
  // While it follows, it goes to the complete version before.
  const first = await rollback(store, { ...id, reason: 'too many errors', expectedMoveId: null });
  expect(first).toMatchObject({ kind: 'rollback', fromVersion: 3, toVersion: 2 });
  await expect(moveAlias(store, { ...id, toVersion: 3 })).rejects.toMatchObject({
    code: 'MODEL_VERSION_BAD',
    message: expect.stringContaining('too many errors'),
  });
  await expect(rollback(store, { ...id, expectedMoveId: null })).rejects.toMatchObject({
    code: 'ALIAS_MOVED',
  });
  const second = await rollback(store, { ...id, expectedMoveId: first.moveId });
  expect(second).toMatchObject({ fromVersion: 2, toVersion: 1 });
  await expect(rollback(store, { ...id, expectedMoveId: second.moveId })).rejects.toMatchObject({
    code: 'ROLLBACK_IMPOSSIBLE',
    message: expect.stringContaining('larder promote ctr@VERSION --as champion'),
  });
  await expect(rollback(store, { ...id, alias: 'challenger', expectedMoveId: null })).rejects.toMatchObject({
    code: 'ALIAS_NOT_FOUND',
  });
});

test('after the newest version was followed and then pinned, a rollback goes to the complete, good one before', async ({
  store,
}) => {
  const project = newProject();
  await addVersions(store, project, [
    { complete: true },
    { complete: true },
    { complete: true, collected: true },
    { complete: false },
    { complete: true },
    { complete: true },
  ]);
  const id = { project, model: 'ctr', alias: 'champion', ...by };
  await markVersion(store, { ...id, version: 5, mark: 'bad' });
  const pinned = await moveAlias(store, { ...id, toVersion: 6 });
  expect(pinned.move).toMatchObject({ fromVersion: 6, toVersion: 6 });
  // Neither a later version nor many later moves change what was followed.
  await addVersions(store, project, [{ complete: true }]);
  await moveAlias(store, { ...id, toVersion: 7 });
  await moveAlias(store, { ...id, toVersion: 6 });
  await markVersion(store, { ...id, version: 7, mark: 'bad' });
  const expectedMoveId = (await readAliases(store, project))[0]?.move?.moveId ?? null;
  expect(await rollback(store, { ...id, expectedMoveId })).toMatchObject({ fromVersion: 6, toVersion: 2 });
});

test('an alias that is dropped is gone, and may be created again', async ({ store }) => {
  const project = newProject();
  await addVersions(store, project, [{ complete: true }, { complete: true }]);
  const id = { project, model: 'ctr', alias: 'challenger', ...by };
  const { move } = await moveAlias(store, { ...id, toVersion: 1, expectedMoveId: null });
  expect(move).toMatchObject({ fromVersion: null, toVersion: 1 });
  await expect(dropAlias(store, { ...id, alias: 'champion' })).rejects.toMatchObject({
    code: 'REQUEST_INVALID',
  });
  const dropped = await dropAlias(store, { ...id, expectedMoveId: move.moveId });
  expect(dropped).toMatchObject({ kind: 'drop', fromVersion: 1, toVersion: null });
  expect(await readAliases(store, project)).toMatchObject([{ alias: 'champion' }]);
  await expect(dropAlias(store, id)).rejects.toMatchObject({ code: 'ALIAS_NOT_FOUND' });
  await expect(moveAlias(store, { ...id, toVersion: 2, expectedMoveId: null })).rejects.toMatchObject({
    code: 'ALIAS_MOVED',
  });
  await moveAlias(store, { ...id, toVersion: 2, expectedMoveId: dropped.moveId });
  expect(await readAliases(store, project)).toMatchObject([
    { alias: 'champion', move: null },
    { alias: 'challenger', version: 2, earlier: [1] },
  ]);
});

test('of many people who move the same alias at once, one wins', async ({ store }) => {
  const project = newProject();
  await addVersions(store, project, [{ complete: true }, { complete: true }, { complete: true }]);
  const id = { project, model: 'ctr', alias: 'champion' };
  const movers = Array.from({ length: 8 }, (_, i) => ({
    ...id,
    actor: `mover ${i}`,
    reason: 'mine',
    toVersion: 1 + (i % 2),
    expectedMoveId: null,
  }));
  const results = await Promise.allSettled([
    ...movers.map((mover) => moveAlias(store, mover)),
    rollback(store, { ...id, ...by, expectedMoveId: null }),
  ]);
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  for (const result of results)
    if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'ALIAS_MOVED' });
  expect(await readAliasMoves(store, project)).toHaveLength(1);
});

test('however often an alias moves, what processes read of its moves stays small', async ({ store }) => {
  const project = newProject();
  await addVersions(store, project, [{ complete: true }, { complete: true }, { complete: true }]);
  const id = { project, model: 'ctr', alias: 'champion', ...by };
  for (let at = 0; at < 30; at++) await moveAlias(store, { ...id, toVersion: (at % 3) + 1 });
  expect(await readAliasMoves(store, project)).toHaveLength(30);
  expect((await readDecidingMoves(store, project)).length).toBeLessThanOrEqual(6);
  expect(await readAliases(store, project)).toMatchObject([
    { version: 3, earlier: [2, 1], promoted: [2, 1] },
  ]);
});
