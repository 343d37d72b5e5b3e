import { importBundle } from '@larder/features';
import { expect } from 'vitest';
import { applyProject, planProject, readModelContent } from '../index.ts';
import { test, writeProject } from '../testing/project.ts';

const ada = { actor: 'ada', refuseDestructive: true };

/** A project whose model decides by this threshold. */
function deciding(name: string, threshold: number, outputs = '{ ctr: f.float32() }') {
  return writeProject({
    name,
    model: ' postprocess: verdict,',
    before: `import { postProcess } from '@larder/features';
const THRESHOLD = ${threshold};
export const verdict = postProcess('verdict', {
  outputs: ${outputs}, request: { extra: f.float64() }, schema: { shown: f.bool(), by: f.string() },
  compute: ({ outputs, request }) => ({ shown: outputs.ctr + request.extra > THRESHOLD, by: String(ratio(4)) }),
});`,
  });
}

test('post-processing is bundled into the content of its model version, with what it reaches', async ({
  store,
  artifacts,
}) => {
  const project = await deciding('decided', 0.5);
  const { changes } = await applyProject({ store, artifacts }, project, ada);
  expect(changes.map(({ text }) => text).join('\n')).toContain('on-demand view verdict');
  const content = await readModelContent(store, { project: 'decided', model: 'ad_ctr', version: 1 });
  expect(content?.manifest.on_demand_feature_views['verdict']).toMatchObject({
    outputs: [{ name: 'ctr', type: 'float32' }],
  });
  const bundle = await artifacts.get(content?.bundles['verdict'] ?? '');
  const { compute } = await importBundle(bundle.toString('utf8'));
  const given = { outputs: { ctr: 0.4 }, request: { extra: 0.2 } };
  expect(compute(given as never)).toEqual({ shown: true, by: '2' });
  expect((await applyProject({ store, artifacts }, project, ada)).changes).toEqual([]);
});

test('another threshold is a new version of the model, with nothing to train; the old content stays', async ({
  store,
  artifacts,
}) => {
  await applyProject({ store, artifacts }, await deciding('thresholds', 0.5), ada);
  const stricter = await deciding('thresholds', 0.7);
  const { plan } = await planProject({ store, artifacts }, stricter);
  expect(plan.refusals).toEqual([]);
  expect((await applyProject({ store, artifacts }, stricter, ada)).modelVersions).toEqual({ ad_ctr: 2 });
  const bundles = await Promise.all(
    [1, 2].map(async (version) => {
      const content = await readModelContent(store, { project: 'thresholds', model: 'ad_ctr', version });
      return content?.bundles['verdict'];
    }),
  );
  expect(new Set(bundles).size).toBe(2);
  // Without it, callers get the artifact's outputs again.
  const plain = await writeProject({ name: 'thresholds' });
  const { modelVersions } = await applyProject({ store, artifacts }, plain, { actor: 'ada' });
  expect(modelVersions).toEqual({ ad_ctr: 3 });
});

test('post-processing that reads outputs the model does not have is refused, with both lists', async () => {
  await expect(deciding('unfit', 0.5, '{ ctr: f.float64() }')).rejects.toMatchObject({
    code: 'DEFINITION_INVALID',
    errors: [
      {
        pointer: '/models/ad_ctr/postprocess',
        detail: "'verdict' reads ctr float64; the model's output is ctr float32.",
      },
    ],
  });
});
