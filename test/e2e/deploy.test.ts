import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { awaitInForce, moveAlias, readAliases, rollback, type AliasMove } from '@larder/registry';
import { migrate } from '@larder/offline-store';
import { test as base } from '@larder/testing';
import { expect, inject, onTestFinished } from 'vitest';
import {
  applyRelease,
  openStore,
  scoreOf,
  writeRelease,
  type DeployStores,
  type Release,
} from '../deploy/deploy-project.ts';
import { startFleetLoad, type Answered } from '../deploy/fleet-load.ts';
import { startFleet } from '../deploy/fleet.ts';

/** Generous: the machine may be busy, and these tests ask whether anything fails. */
const LOAD = { callers: 4, pauseMs: 5, deadlineMs: 20_000 };
const CHAMPION = { project: 'deployed', model: 'ad_ctr', alias: 'champion', actor: 'ada', reason: 'test' };

interface Deployment {
  readonly stores: DeployStores;
  readonly old: Release;
  readonly next: Release;
}

const test = base.extend<{ deployment: Deployment }>({
  deployment: async ({ database, redis }, use) => {
    const folder = join(inject('testFolder'), randomUUID());
    const stores = {
      databaseUrl: database.url,
      redisUrl: redis.url,
      cacheFolder: join(folder, 'cache'),
    };
    const store = openStore(database.url);
    await migrate(store);
    await store.pool.query(
      `truncate larder.manifests, larder.model_versions, larder.alias_moves, larder.model_version_marks,
        larder.view_versions, larder.registry_revisions, larder.processes cascade`,
    );
    await store.close();
    await use({ stores, old: await writeRelease(folder, 1), next: await writeRelease(folder, 2) });
  },
});

/** What a deploy must not cause. A machine that stalls for seconds makes Redis count as away, which these tests are not about. */
const ERRORS = (answers: readonly Answered[]) =>
  answers.flatMap(({ error }) =>
    error === null || error.includes('ONLINE_STORE_UNAVAILABLE') ? [] : [error],
  );
/** Each answer is that of the whole version: its view, its function and its weights. */
const MIXED = (answers: readonly Answered[]) =>
  answers.filter(
    ({ version, score }) => version !== null && Math.abs((score ?? 0) - scoreOf(version)) > 1e-5,
  );
/** The versions of the answers to requests that were sent after `from` and answered before `to`. */
const versionsOf = (answers: readonly Answered[], from = 0, to = Number.POSITIVE_INFINITY) =>
  new Set(
    answers
      .filter(({ sentAtMs, latencyMs }) => sentAtMs >= from && sentAtMs + latencyMs < to)
      .flatMap(({ version }) => version ?? []),
  );

test.for([
  ['apply, then replace every process', true],
  ['replace every process, then apply', false],
] as const)('%s: callers notice nothing', async ([, applyFirst], { deployment }) => {
  const { stores, old, next } = deployment;
  await applyRelease(old, stores);
  const fleet = await startFleet(2, { release: old, stores });
  onTestFinished(() => fleet.close());
  const load = startFleetLoad(fleet, LOAD);
  await expect.poll(() => load.answers.length, { timeout: 60_000 }).toBeGreaterThan(20);
  if (applyFirst) await applyRelease(next, stores);
  await fleet.replace(next);
  if (!applyFirst) await applyRelease(next, stores);
  const perProcess = () =>
    fleet.urls().map((url) => load.answers.findLast((answer) => answer.url === url)?.version);
  await expect.poll(perProcess, { timeout: 60_000 }).toEqual([2, 2]);
  const answers = await load.stop();
  expect(ERRORS(answers)).toEqual([]);
  expect(MIXED(answers)).toEqual([]);
  expect(versionsOf(answers)).toEqual(new Set([1, 2]));
});

test('a promote and a rollback under load: every answer after them is of that version', async ({
  deployment,
}) => {
  const { stores, old, next } = deployment;
  await applyRelease(old, stores);
  const fleet = await startFleet(2, { release: old, stores });
  const store = openStore(stores.databaseUrl);
  onTestFinished(async () => {
    await fleet.close();
    await store.close();
  });
  const load = startFleetLoad(fleet, LOAD);
  const inForce = async ({ moveId }: AliasMove) => {
    const { waiting } = await awaitInForce(store, { ...CHAMPION, moveId, timeoutMs: 30_000 });
    expect(waiting).toEqual([]);
    return performance.now();
  };
  const pinned = await moveAlias(store, { ...CHAMPION, toVersion: 1, acceptIncomplete: true });
  await inForce(pinned.move);
  await applyRelease(next, stores);
  const promoted = await moveAlias(store, { ...CHAMPION, toVersion: 2, acceptIncomplete: true });
  const promotedAtMs = await inForce(promoted.move);
  await expect
    .poll(() => load.answers.at(-1)?.sentAtMs, { timeout: 60_000 })
    .toBeGreaterThan(promotedAtMs + 200);
  const leftAtMs = performance.now();
  const back = await rollback(store, { ...CHAMPION, expectedMoveId: promoted.move.moveId });
  const backAtMs = await inForce(back);
  await expect.poll(() => load.answers.at(-1)?.sentAtMs, { timeout: 60_000 }).toBeGreaterThan(backAtMs + 200);
  const answers = await load.stop();
  expect(ERRORS(answers)).toEqual([]);
  expect(MIXED(answers)).toEqual([]);
  expect(versionsOf(answers, promotedAtMs, leftAtMs)).toEqual(new Set([2]));
  expect(versionsOf(answers, backAtMs)).toEqual(new Set([1]));
  expect(await readAliases(store, 'deployed')).toMatchObject([{ alias: 'champion', version: 1 }]);
});
