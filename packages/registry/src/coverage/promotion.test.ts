import type { OfflineStore } from '@larder/offline-store';
import { expect } from 'vitest';
import { markVersion, moveAlias, readAliases } from '../index.ts';
import { silent } from '../testing/registry.ts';
import { addVersions, newProject, test } from '../testing/versions.ts';
import { promoteCompleteVersions, requestPromotion, type Promotion } from './promotion.ts';

const by = { actor: 'ada', reason: 'fresher pictures' };

async function setUp(store: OfflineStore) {
  const project = newProject();
  await addVersions(store, project, [{ complete: true }, { complete: false }, { complete: false }]);
  const champion = { project, model: 'ctr', alias: 'champion' };
  return {
    champion,
    ask: (version: number, alias = 'champion') =>
      requestPromotion(store, { ...champion, alias, ...by, version }),
    complete: (version: number) =>
      store.pool.query(
        `update larder.model_versions set complete_at = now() where project = $1 and version = $2`,
        [project, version],
      ),
    promote: async () =>
      (await promoteCompleteVersions({ store, project, logger: silent })).map(({ toVersion }) => toVersion),
    serving: async () => {
      const [alias] = await readAliases(store, project);
      return { version: alias?.version, reason: alias?.move?.reason };
    },
    promotion: async (version: number) => {
      const { rows } = await store.pool.query<{ promote_when_complete: Promotion | null }>(
        `select promote_when_complete from larder.model_versions where project = $1 and version = $2`,
        [project, version],
      );
      return rows[0]?.promote_when_complete;
    },
  };
}

test('a version is promoted when it is complete, once, in the name of who asked', async ({ store }) => {
  const { ask, complete, promote, serving, promotion } = await setUp(store);
  expect(await ask(2)).toBe(true);
  expect(await promote()).toEqual([]);
  await complete(2);
  const moves = await Promise.all([promote(), promote()]);
  expect(moves.flat()).toEqual([2]);
  expect(await serving()).toEqual({ version: 2, reason: 'fresher pictures' });
  expect(await promotion(2)).toMatchObject({ actor: 'ada', move_id: expect.any(Number) });
  expect(await promote()).toEqual([]);
  expect(await ask(2)).toBe(false);
});

test('nothing is asked for, nothing moves', async ({ store }) => {
  const { complete, promote } = await setUp(store);
  await complete(2);
  expect(await promote()).toEqual([]);
});

test('somebody moved the alias meanwhile: it stays where it is, and the version keeps why', async ({
  store,
}) => {
  const { champion, ask, complete, promote, serving, promotion } = await setUp(store);
  await ask(2);
  await moveAlias(store, { ...champion, actor: 'grace', reason: 'the old one', toVersion: 1 });
  await complete(2);
  expect(await promote()).toEqual([]);
  expect(await serving()).toEqual({ version: 1, reason: 'the old one' });
  expect(await promotion(2)).toMatchObject({ refused: { code: 'ALIAS_MOVED', detail: expect.any(String) } });
  expect(await promote()).toEqual([]);
  await ask(2);
  expect(await promote()).toEqual([2]);
});

test('a version that was marked as bad is not promoted', async ({ store }) => {
  const { champion, ask, complete, promote, promotion } = await setUp(store);
  await ask(2);
  await markVersion(store, { ...champion, version: 2, mark: 'bad', actor: 'grace', reason: 'biased' });
  await complete(2);
  expect(await promote()).toEqual([]);
  expect(await promotion(2)).toMatchObject({ refused: { code: 'MODEL_VERSION_BAD' } });
});

test('two versions that wait for the same alias follow each other', async ({ store }) => {
  const { ask, complete, promote, serving } = await setUp(store);
  await ask(2);
  await ask(3);
  await complete(2);
  expect(await promote()).toEqual([2]);
  await complete(3);
  expect(await promote()).toEqual([3]);
  expect((await serving()).version).toBe(3);
});

test('an older version that is complete later does not replace a newer one', async ({ store }) => {
  const { ask, complete, promote, serving, promotion } = await setUp(store);
  await ask(2);
  await ask(3);
  await complete(3);
  expect(await promote()).toEqual([3]);
  await complete(2);
  expect(await promote()).toEqual([]);
  expect(await promotion(2)).toMatchObject({ refused: { code: 'ALIAS_MOVED' } });
  expect((await serving()).version).toBe(3);
});

test('other aliases wait apart', async ({ store }) => {
  const { ask, complete, promote, serving } = await setUp(store);
  await ask(2, 'challenger');
  await complete(2);
  expect(await promote()).toEqual([2]);
  expect((await serving()).reason).toBeUndefined();
});
