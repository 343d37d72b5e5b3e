import { cpSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { loadProject } from '@larder/features';
import { createOfflineStore, migrate } from '@larder/offline-store';
import { applyManifest, planManifest } from '@larder/registry';
import { createLogger, newId } from '@larder/core';
import { test } from '@larder/testing';
import { expect, inject } from 'vitest';
import { copyShop, jsonOf, larder } from '../../fixtures/run-cli.ts';

const CLI = resolve(import.meta.dirname, '../..');

/** A copy of a project below the repository, so that it finds its packages. */
function copyProject(from: string): string {
  const folder = join(inject('testFolder'), `version-${newId()}`);
  cpSync(from, folder, { recursive: true });
  return folder;
}

test('the written config loads, and plans one new view version', async ({ database }) => {
  const folder = copyShop();
  const config = join(folder, 'larder.config.ts');
  const store = createOfflineStore({
    databaseUrl: database.url,
    logger: createLogger('test', { level: 'silent' }),
  });
  await migrate(store);
  await applyManifest(store, (await loadProject(config)).manifest, { actor: 'test' });
  const result = await larder(['version', 'ad_stats'], {
    LARDER_PROJECT: config,
    LARDER_DATABASE_URL: database.url,
  });
  expect(result).toMatchObject({ code: 0, stderr: '' });
  expect(result.stdout).toContain('ad_stats@2 is adStats');
  expect(result.stdout).toContain('ad_stats@1 stays as adStatsV1');
  // Node keeps the module that it loaded from the same path.
  const reread = join(folder, 'reread.config.ts');
  cpSync(config, reread);
  const { manifest } = await loadProject(reread);
  expect(manifest.models['ad_ctr']?.inputs[0]).toMatchObject({ view: 'ad_stats', version: 1 });
  const plan = await planManifest(store, manifest);
  expect(plan.refusals).toEqual([]);
  expect(plan.changes.map(({ text }) => text)).toEqual(['create view ad_stats@2']);
  expect(readdirSync(folder).filter((name) => name.includes('.config.'))).toEqual([
    'larder.config.ts',
    'reread.config.ts',
  ]);
  await store.close();
});

test('a version that was changed since it was applied cannot stay as the old one', async ({ database }) => {
  const config = join(copyShop(), 'larder.config.ts');
  const text = readFileSync(config, 'utf8').replace('shape: f.vector(4)', 'shape: f.vector(5)');
  writeFileSync(config, text);
  const env = { LARDER_PROJECT: config, LARDER_DATABASE_URL: database.url };
  const result = await larder(['version', 'ad_stats'], env);
  expect(result).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/Undo the change[^]*feature shape became/),
  });
  expect(readFileSync(config, 'utf8')).toBe(text);
});

test('numbers of removed versions stay taken', async ({ database }) => {
  const config = join(copyShop(), 'larder.config.ts');
  const store = createOfflineStore({
    databaseUrl: database.url,
    logger: createLogger('test', { level: 'silent' }),
  });
  await migrate(store);
  await store.pool.query(
    `with m as (insert into larder.manifests (project, manifest, changes, same_meaning, actor)
       values ('shop', '{}', '[]', '{}', 'test') returning id)
     insert into larder.view_versions (project, view, version, definition, manifest_id)
     select 'shop', 'ad_stats', 6, '{}', id from m on conflict do nothing`,
  );
  const env = { LARDER_PROJECT: config, LARDER_DATABASE_URL: database.url };
  expect(jsonOf(await larder(['version', 'ad_stats', '--json'], env))).toMatchObject({
    version: 7,
    old_version: 1,
  });
  await store.close();
});

test('the module and the source of a computation are copied, so that changing them changes the next version alone', async ({
  database,
}) => {
  const folder = copyProject(join(CLI, 'templates/photos'));
  const config = join(folder, 'larder.config.ts');
  writeFileSync(config, withSources(readFileSync(config, 'utf8')));
  const store = createOfflineStore({
    databaseUrl: database.url,
    logger: createLogger('test', { level: 'silent' }),
  });
  await migrate(store);
  await applyManifest(store, (await loadProject(config)).manifest, { actor: 'test' });
  const before = readFileSync(join(folder, 'src/picture-light.ts'), 'utf8');
  const result = await larder(['version', 'picture_light', '--models'], { LARDER_PROJECT: config });
  expect(result).toMatchObject({ code: 0, stderr: '' });
  expect(result.stdout).toContain('picturesV1 is the source of version 1: change pictures.');
  expect(readFileSync(join(folder, 'src/picture-light-v1.ts'), 'utf8')).toBe(
    before.replace('import type { pictures }', 'import type { picturesV1 as pictures }'),
  );
  const text = readFileSync(config, 'utf8');
  expect(text).toContain("import('./src/picture-light-v1.ts')");
  expect(text).toContain("features: [pictureLight.pick('brightness', 'contrast'), slot]");
  const changed = join(folder, 'changed.config.ts');
  writeFileSync(changed, text.replace("folder: 'pictures',", "folder: 'pictures', extensions: ['.png'],"));
  const plan = await planManifest(store, (await loadProject(changed)).manifest);
  // what reads version 2 waits for its model to be trained
  expect(plan.refusals.map(({ subject }) => subject)).toEqual(['on-demand view slot']);
  expect(plan.changes.map(({ text: change }) => change)).toContain('create view picture_light@2');
  await store.close();
});

/** The template as the packages of the repository offer what it imports. */
function withSources(template: string): string {
  return template
    .replace('  folderSource,\n', '')
    .replace("from 'larderjs'", "from '@larder/features';\nimport { folderSource } from '@larder/sources'");
}

test('what cannot be edited is left alone, with the lines to write', async () => {
  const config = join(copyShop(), 'larder.config.ts');
  const text = readFileSync(config, 'utf8').replace('version: 1,', 'version: 2 - 1,');
  writeFileSync(config, text);
  const result = await larder(['version', 'ad_stats'], { LARDER_PROJECT: config });
  expect(result.code).toBe(1);
  expect(result.stdout).toMatch(/was not changed: .*plain literal[^]*version: 2/);
  expect(readFileSync(config, 'utf8')).toBe(text);
});

test('an unknown view names those that are there', async () => {
  const result = await larder(['version', 'ad_statz'], {
    LARDER_PROJECT: join(copyShop(), 'larder.config.ts'),
  });
  expect(result).toMatchObject({ code: 1, stderr: expect.stringContaining('ad_stats') });
});

test('an on-demand view has no versions, and says so', async () => {
  const env = { LARDER_PROJECT: join(copyShop(), 'larder.config.ts') };
  const { code, stderr } = await larder(['version', 'moment'], env);
  expect([code, stderr]).toEqual([1, expect.stringContaining('moment is an on-demand feature view')]);
});
