import { applyAnswerSchema, planAnswerSchema } from '@larder/contracts';
import { applyManifest } from '@larder/registry';
import { openFixture } from '@larder/serving/testing';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, inject } from 'vitest';
import { startInference } from '../start-inference.ts';
import { createHttp } from '../testing/http.ts';
import { logger, test } from '../testing/inference-test.ts';

test('the service plans and applies the definitions that it was started with, and takes nothing back unasked', async ({
  service,
}) => {
  const { http, project, offlineStore } = service;
  const same = await http.post('/v1/plan', {});
  expect([same.status, planAnswerSchema.parse(same.body)]).toMatchObject([
    200,
    { changes: [], refusals: [] },
  ]);

  const { manifest } = project;
  const model = manifest.models['ad_ctr'];
  if (model === undefined) throw new Error('The fixture has no ad_ctr.');
  const younger = { ...manifest, models: { ...manifest.models, other: { ...model, name: 'other' } } };
  await applyManifest(offlineStore, younger, { actor: 'ada' });
  const refused = await http.post('/v1/apply', {});
  expect([refused.status, refused.body]).toMatchObject([409, { code: 'CONFIG_OUTDATED' }]);
  expect(JSON.stringify(refused.body)).toContain('ada');

  const applied = await http.post('/v1/apply', { yes: true });
  expect([applied.status, applyAnswerSchema.parse(applied.body)]).toMatchObject([
    200,
    { retained: ['model other'], changes: [{ action: 'keep' }] },
  ]);
  const pruned = await http.post('/v1/apply', { yes: true, prune: true });
  expect(pruned.body).toMatchObject({
    retained: [],
    changes: [{ action: 'remove', subject: 'model other' }],
  });
  expect((await http.post('/v1/plan', { code: 'x' })).status).toBe(422);
});

test('a plan says what each view takes to fill; an apply starts those runs and asks for promotions once', async ({
  service,
}) => {
  const { http, offlineStore } = service;
  const wanted = ['ad_image@1', 'ad_stats@1', 'shopper_profile@1'];
  const unknown = { rows: null, rows_from: null, source_problem: null, minutes: null };
  const before = planAnswerSchema.parse((await http.post('/v1/plan', {})).body);
  expect(before.fills).toMatchObject(wanted.map((view) => ({ view, ...unknown })));

  const plain = applyAnswerSchema.parse((await http.post('/v1/apply', {})).body);
  expect(plain).toMatchObject({ backfills: [], promotions: [] });
  const unexplained = await http.post('/v1/apply', { promote_when_complete: true });
  expect([unexplained.status, unexplained.body]).toMatchObject([422, { errors: [{ pointer: '/reason' }] }]);

  const ask = { backfill: true, promote_when_complete: true, reason: 'the first ones' };
  const first = applyAnswerSchema.parse((await http.post('/v1/apply', ask)).body);
  expect(first.backfills).toMatchObject(wanted.map((view) => ({ view, status: 'queued' })));
  expect(first.promotions).toContainEqual({ model: 'ad_ctr', version: 1, promoted: false });
  const again = applyAnswerSchema.parse((await http.post('/v1/apply', { ...ask, reason: 'again' })).body);
  expect(again).toMatchObject({ backfills: [], promotions: [] });

  const runs = await offlineStore.pool.query(
    `select view || '@' || version as ref from larder.runs order by 1`,
  );
  expect(runs.rows).toEqual(wanted.map((ref) => ({ ref })));
  const asked = await offlineStore.pool.query(
    `select promote_when_complete ->> 'reason' as reason from larder.model_versions where model = 'ad_ctr'`,
  );
  expect(asked.rows).toEqual([{ reason: 'the first ones' }]);
  expect((await http.post('/v1/plan', {})).body).toMatchObject({ fills: [] });
});

test('a plan opens new artifacts, refuses what apply would refuse, and orders chains', async ({
  service,
}) => {
  const { configPath, root } = await openFixture(inject('testFolder'));
  await writeFile(join(root, 'models/ad_brightness/model.onnx'), 'not a network');
  // This process has loaded the fixture by its own path already.
  const projectPath = join(root, 'chained.config.ts');
  await writeFile(
    projectPath,
    `${await readFile(configPath, 'utf8')}
import { fromViews } from '@larder/sources';
export const glow = featureView('glow', {
  version: 1, entity: ad, ttl: '1d', source: fromViews([adImage.pick('brightness')]), schema: { brightness: f.float32() },
});
`,
  );
  const other = await startInference({ ...service.config, projectPath }, logger);
  try {
    const http = createHttp(other.url);
    const plan = planAnswerSchema.parse((await http.post('/v1/plan', {})).body);
    expect(plan.refusals).toMatchObject([{ code: 'ARTIFACT_INVALID', subject: 'model ad_brightness' }]);
    expect(plan.chains).toEqual([{ view: 'glow@1', steps: [['ad_image@1'], ['glow@1']] }]);
    expect((await http.post('/v1/apply', {})).body).toMatchObject({ code: 'ARTIFACT_INVALID' });
  } finally {
    await other.close();
  }
});
