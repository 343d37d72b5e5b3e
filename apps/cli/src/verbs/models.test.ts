import { setTimeout as delay } from 'node:timers/promises';
import { join } from 'node:path';
import { createLogger, newId } from '@larder/core';
import {
  announceProcess,
  createOfflineStore,
  listProcesses,
  migrate,
  type LoadedModel,
  type OfflineStore,
} from '@larder/offline-store';
import { listRuns, runJson } from '@larder/materialization/runs';
import { readAliases } from '@larder/registry';
import { test as base } from '@larder/testing';
import { describe, expect, onTestFinished } from 'vitest';
import { copyShop, jsonOf, larder, type CliResult } from '../../fixtures/run-cli.ts';
import { failedRuns } from '../models/failed-runs.ts';

const logger = createLogger('test', { level: 'silent' });

interface Shop {
  readonly store: OfflineStore;
  larder(...args: string[]): Promise<CliResult>;
  /** Records versions of a model; true: complete. */
  addVersions(model: string, complete: readonly boolean[]): Promise<void>;
}

const test = base.extend<{ $file: { shop: Shop } }>({
  shop: [
    async ({ database }, use) => {
      const env = {
        LARDER_PROJECT: join(copyShop(), 'larder.config.ts'),
        LARDER_DATABASE_URL: database.url,
      };
      const store = createOfflineStore({ databaseUrl: database.url, logger });
      await migrate(store);
      const training = { commit: '0123456789abcdef', metrics: { auc: 0.81 }, parameters: { depth: 6 } };
      const addVersions = async (model: string, versions: readonly boolean[]) => {
        for (const [i, complete] of versions.entries())
          await store.pool.query(
            `with applied as (
              insert into larder.manifests (project, manifest, changes, same_meaning, actor)
              values ('shop', '{}', '[]', '{}', 'test') returning id)
            insert into larder.model_versions (project, model, version, inputs, outputs, artifact_path, artifact_sha256,
              manifest_id, actor, complete_at, training, measured)
            select 'shop', $1, $2, '[{"view":"ad_stats","version":1,"features":["click_rate"]}]',
              '[{"name":"ctr","type":"float32"}]', 'models/x', 'abcdef0123456789', id, 'ada@laptop',
              case when $3 then now() end, $4, '{"latency_ms": 0.4}'
            from applied`,
            [model, i + 1, complete, JSON.stringify(training)],
          );
      };
      await use({ store, addVersions, larder: (...args) => larder(args, env) });
      await store.close();
    },
    { scope: 'file' },
  ],
});

/** An inference process that follows every alias, as the service does; versions in `broken` cannot be loaded. */
async function followingProcess(store: OfflineStore, broken: readonly number[] = []): Promise<void> {
  const stop = new AbortController();
  const processId = newId();
  let models: LoadedModel[] = [];
  const announced = announceProcess(
    store,
    { processId, project: 'shop', role: 'inference', describe: () => ({ models }) },
    { logger },
  );
  const follow = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      models = (await readAliases(store, 'shop')).map(({ model, alias, version, move, earlier }) => {
        const moveId = move?.moveId ?? null;
        const fails = broken.includes(version);
        const problem = fails ? { move_id: moveId, version, reason: 'ARTIFACT_INVALID.' } : null;
        return {
          model,
          version: fails ? (earlier[0] ?? null) : version,
          ready: !fails,
          reads: [],
          aliases: [{ alias, move_id: fails ? null : moveId, problem }],
        };
      });
      announced.announceNow();
      await delay(20, undefined, { signal: stop.signal }).catch(() => {});
    }
  };
  const following = follow();
  onTestFinished(async () => {
    stop.abort();
    await following;
    await announced.close();
  });
  await expect
    .poll(() => listProcesses(store, 'shop'))
    .toContainEqual(expect.objectContaining({ processId }));
}

describe('larder promote', () => {
  test('moves the alias, and says so when no process runs', async ({ shop }) => {
    await shop.addVersions('alone', [true, true]);
    const { code, stdout, stderr } = await shop.larder('promote', 'alone@1', '--reason', 'steadier');
    expect(stderr).toMatch(/^champion of alone was version 2, and is version 1 now \(move \d+\)\.\n/);
    expect(stdout).toBe(
      'champion of alone is version 1. No inference process runs: the next one starts with it.\n',
    );
    expect(code).toBe(0);
    const again = await shop.larder('promote', 'alone@1', '--reason', 'steadier');
    expect(again).toMatchObject({ code: 0, stderr: expect.stringContaining('is version 1 already') });
  });

  test('a version that answers already is not said to be unready', async ({ shop }) => {
    await shop.addVersions('pinned', [true]);
    await followingProcess(shop.store);
    const { code, stdout, stderr } = await shop.larder('promote', 'pinned@1', '--reason', 'stay');
    expect(stderr).toMatch(/^champion of pinned is version 1, as it was: this move \d+ is now on record\.\n/);
    expect(stderr).not.toContain('ready');
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: 'champion of pinned is version 1, warm in 1 inference process.\n',
    });
  });

  test('--from refuses when somebody has moved the alias since, and not what is done already', async ({
    shop,
  }) => {
    await shop.addVersions('seen', [true, true, true]);
    const promote = (version: number, from: number) =>
      shop.larder('promote', `seen@${version}`, '--from', `${from}`, '--reason', 'test', '--json');
    expect(await promote(2, 3)).toMatchObject({ code: 0 });
    const late = await promote(1, 3);
    expect([late.code, jsonOf(late)]).toMatchObject([1, { code: 'ALIAS_MOVED' }]);
    expect(await promote(2, 3), 'the same script again').toMatchObject({ code: 0 });
    expect(await promote(1, 2)).toMatchObject({ code: 0 });
  });

  test('says who moved the alias on while it waited, with exit code 1', async ({ shop }) => {
    await shop.addVersions('raced', [true, true]);
    let models: LoadedModel[] = [];
    const processId = newId();
    const announced = announceProcess(
      shop.store,
      { processId, project: 'shop', role: 'inference', describe: () => ({ models }) },
      { logger },
    );
    onTestFinished(() => announced.close());
    await expect
      .poll(() => listProcesses(shop.store, 'shop'))
      .toContainEqual(expect.objectContaining({ processId }));
    const first = shop.larder('promote', 'raced@1', '--reason', 'first');
    const champion = async () => (await readAliases(shop.store, 'shop', 'raced'))[0];
    await expect.poll(async () => (await champion())?.move?.toVersion).toBe(1);
    await shop.larder('promote', 'raced@2', '--reason', 'second', '--wait', '0');
    const moveId = (await champion())?.move?.moveId ?? null;
    models = [
      {
        model: 'raced',
        version: 2,
        ready: true,
        reads: [],
        aliases: [{ alias: 'champion', move_id: moveId, problem: null }],
      },
    ];
    announced.announceNow();
    const { code, stdout } = await first;
    expect(stdout).toMatch(/not where you put it: .* moved it to version 2 \(move \d+: second\)/);
    expect(code).toBe(1);
  });

  test('returns when every process answers with it', async ({ shop }) => {
    await shop.addVersions('quick', [true, true]);
    await followingProcess(shop.store);
    await followingProcess(shop.store);
    const done = await shop.larder('promote', 'quick@2', '--reason', 'better', '--json');
    expect(done.code).toBe(0);
    expect(jsonOf(done)).toMatchObject({
      model: 'quick',
      alias: 'champion',
      version: 2,
      from_version: 2,
      kind: 'promote',
      reason: 'better',
      actor: expect.stringMatching(/^.+@.+$/),
      changed: true,
      in_force: true,
      processes: [{ in_force: true }, { in_force: true }],
    });
    const { stdout } = await shop.larder('promote', 'quick@1', '--reason', 'back');
    expect(stdout).toBe('champion of quick is version 1, warm in 2 inference processes.\n');
  });

  test('names the process that cannot load it and why, with exit code 1', async ({ shop }) => {
    await shop.addVersions('broken', [true, true]);
    await followingProcess(shop.store);
    await followingProcess(shop.store, [2]);
    await shop.larder('promote', 'broken@1', '--reason', 'start');
    const { code, stdout } = await shop.larder('promote', 'broken@2', '--reason', 'better');
    expect(stdout).toMatch(
      /^champion of broken is version 2, but 1 of 2 inference processes does not answer with it:\n {2}\S+ pid \d+ cannot serve version 2 and keeps version 1: ARTIFACT_INVALID\.\nThe move is recorded.*larder rollback broken\n$/,
    );
    expect(code).toBe(1);
    const back = await shop.larder('rollback', 'broken', '--json');
    expect(back.code).toBe(0);
    expect(jsonOf(back)).toMatchObject({ version: 1, from_version: 2, kind: 'rollback', in_force: true });
  });

  test('a version that still fills needs --yes where nobody can be asked', async ({ shop }) => {
    await shop.addVersions('fills', [true, false]);
    const refused = await shop.larder('promote', 'fills@2', '--reason', 'now');
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('--yes') });
    const args = ['promote', 'fills@2', '--reason', 'now', '--yes', '--wait', '0', '--json'];
    const done = await shop.larder(...args);
    expect(done.code).toBe(0);
    expect(jsonOf(done)).toMatchObject({ version: 2, in_force: null, processes: [] });
  });

  test.for([
    [['promote', 'quick', '--reason', 'x'], /model with a version, such as ad_ctr@7/],
    [['promote', 'quick@1'], /--reason/],
    [['promote', 'quick@1', '--reason', ' '], /--reason must not be empty/],
    [['promote', 'quick@1', '--reason', 'x', '--as', '7'], /--as must begin with a letter/],
    [['promote', 'quick@1', '--reason', 'x', '--wait', 'long'], /--wait must be a duration/],
    [['models', 'quick', 'mark-bad', '--reason', 'x'], /needs a version: quick@7/],
    [['models', 'quick@1', 'mark-bad'], /--reason is required/],
    [['models', 'quick', 'drop-alias', '--reason', 'x'], /--as names the alias/],
    [['models', 'quick@1', 'delete'], /must be one of mark-bad, mark-good, drop-alias/],
  ] as const)('%s is wrong usage', async ([args, text], { shop }) => {
    const { code, stderr } = await shop.larder(...args);
    expect(stderr).toMatch(text);
    expect(code).toBe(2);
  });
});

describe('larder models', () => {
  test('lists versions with their state, aliases and moves', async ({ shop }) => {
    await shop.addVersions('listed', [true, true, true, false]);
    await shop.larder('promote', 'listed@3', '--reason', 'better AUC');
    await shop.larder('promote', 'listed@1', '--as', 'challenger', '--reason', 'compare');
    await shop.larder('rollback', 'listed', '--reason', 'too high');
    const all = await shop.larder('models');
    expect(all.stdout).toMatch(/^listed +4 +4 +champion 2, challenger 1$/m);

    const { stdout } = await shop.larder('models', 'listed');
    expect(stdout).toMatch(/^ {2}champion is version 2: rollback by .* ago \(too high\)$/m);
    expect(stdout).toMatch(/^ +4 {2}filling +.* ada@laptop +0123456789 +auc 0\.81$/m);
    expect(stdout).toMatch(/^ +2 {2}complete +champion /m);
    expect(stdout).toMatch(/^ +\d+ {2}20\S+ \S+ {2}challenger {2}promote +- +1 .* compare$/m);
  });

  test('a bad version shows who marked it and why, and marking it as good clears that', async ({ shop }) => {
    await shop.addVersions('marked', [true, true]);
    const bad = await shop.larder('models', 'marked@1', 'mark-bad', '--reason', 'label leak', '--json');
    expect(jsonOf(bad)).toMatchObject({
      state: 'bad',
      bad: { reason: 'label leak' },
      training: { parameters: { depth: 6 } },
      measured: { latency_ms: 0.4 },
      inputs: ['ad_stats@1:click_rate'],
      moves: [],
    });
    const refused = await shop.larder('promote', 'marked@1', '--reason', 'x');
    expect(refused).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/label leak.*\n?.*larder models marked@1 mark-good/),
    });
    expect((await shop.larder('models', 'marked')).stdout).toMatch(
      /^marked@1: marked as bad by .*: label leak$/m,
    );
    await shop.larder('models', 'marked@1', 'mark-good', '--reason', 'it was not');
    const one = await shop.larder('models', 'marked@1');
    expect(one.stdout).toMatch(/^marked@1 {2}complete\n[^]*params +depth 6\n/);
  });

  test('an alias is dropped on purpose, champion never', async ({ shop }) => {
    await shop.addVersions('dropped', [true]);
    await shop.larder('promote', 'dropped@1', '--as', 'canary', '--reason', 'try');
    const drop = (alias: string) =>
      shop.larder('models', 'dropped', 'drop-alias', '--as', alias, '--reason', 'over', '--json');
    const done = jsonOf(await drop('canary'));
    expect(done).toMatchObject({
      aliases: [{ alias: 'champion' }],
      moves: [{ kind: 'drop', from_version: 1, to_version: null }, { kind: 'promote' }],
    });
    expect((await drop('champion')).code).toBe(2);
    expect((await drop('canary')).code).toBe(1);
  });

  test('a model or version that is not on record is named as such', async ({ shop }) => {
    await shop.addVersions('known', [true]);
    const none = await shop.larder('models', 'nobody');
    expect(none).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('List the models: larder models'),
    });
    const version = await shop.larder('models', 'known@9');
    expect(version).toMatchObject({ code: 1, stderr: expect.stringContaining('known has no version 9') });
    const rollback = await shop.larder('rollback', 'known');
    expect(rollback).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('larder promote known@VERSION'),
    });
  });
});

test('without a complete version, champion is said to follow the newest', async ({ shop }) => {
  await shop.addVersions('all_filling', [false, false]);
  const { stdout } = await shop.larder('models', 'all_filling');
  expect(stdout).toContain('champion is version 2, follows the newest version; none is complete yet');
});

test('a view that lacks coverage is told with the run whose rows failed', async ({ shop }) => {
  const runId = newId();
  await shop.store.pool.query(
    `insert into larder.runs (run_id, project, view, version, fingerprint, trigger, scope, priority, force,
      request_sha256, status, planned_at, started_at, finished_at, rows_total, rows_done, rows_failed, rows_skipped)
    values ($1, 'shop', 'lacking', 1, 'f', 'backfill', '{"all":true}', 50, false, 's', 'partial', now(), now(), now(), 4, 3, 1, 0)`,
    [runId],
  );
  const view = (share: number) => ({ ref: 'lacking@1', share, landed: 3, expected: 4 });
  const runs = () =>
    Promise.resolve({
      list: async () => {
        const { runs: found } = await listRuns(shop.store, 'shop', { view: 'lacking', version: 1 });
        return { runs: found.map(runJson), complete: true };
      },
    });
  const lacking = await failedRuns(runs, [{ coverage: { wanted: 0.95, views: [view(0.75)] } }]);
  expect([...lacking]).toEqual([['lacking@1', runId]]);
  const enough = await failedRuns(runs, [{ coverage: { wanted: 0.7, views: [view(0.75)] } }]);
  expect(enough.size).toBe(0);
});
