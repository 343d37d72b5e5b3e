import { applyAnswerSchema, planAnswerSchema } from '@larder/contracts';
import { applyManifest } from '@larder/registry';
import { expect } from 'vitest';
import { test } from '../testing/inference-test.ts';

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
