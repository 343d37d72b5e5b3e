import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LoadedProject, Manifest } from '@larder/features';
import { viewFingerprint } from '@larder/features';
import { expect } from 'vitest';
import { applyManifest, applyProject, planProject } from '../index.ts';
import { test, writeProject, type ProjectFiles } from '../testing/project.ts';
import { appliedManifest } from './applied-manifest.ts';
import { alignWithApplied } from './align-with-applied.ts';

const COMPUTED = `export const words = featureView('words', {
  version: 1, entity: ad, ttl: '7d', source, schema: { count: f.float64() },
  compute: computeWith(import.meta.url, () => import('./src/words.ts')),
});`;
const WORDS = `import { ratio } from './ratio.ts';
export default { createComputation: async () => ({ compute: async (rows) => rows.map(() => ({ values: { count: ratio(1) } })), close: async () => {} }) };
`;
const ada = { actor: 'ada', refuseDestructive: true };

function projectWith(name: string, options: Partial<ProjectFiles> = {}): Promise<LoadedProject> {
  return writeProject({
    name,
    more: COMPUTED,
    ...options,
    prepare(folder) {
      writeFileSync(join(folder, 'src/words.ts'), WORDS);
      return options.prepare?.(folder);
    },
  });
}

/** What the release before would have applied for the same files. */
async function asAppliedBefore({ manifest, code }: LoadedProject): Promise<Manifest> {
  const view = manifest.feature_views['words@1'];
  const entity = manifest.entities['ad'];
  const offer = manifest.on_demand_feature_views['offer'];
  if (!view?.compute || !entity || !offer) throw new Error('The project lacks a definition.');
  const legacy = await code.computations.get('words@1')?.legacySha256();
  const compute = { ...view.compute, code_sha256: legacy ?? '' };
  const before = { ...view, compute, fingerprint: viewFingerprint(entity, { ...view, compute }) };
  const legacyOffer = (await code.onDemand.get('offer')?.legacySha256()) ?? '';
  return {
    ...manifest,
    feature_views: { ...manifest.feature_views, 'words@1': before },
    on_demand_feature_views: { offer: { ...offer, code_sha256: legacyOffer } },
  };
}

test('code that an earlier release applied is recognised: nothing to apply, and the applied fingerprints', async ({
  store,
  artifacts,
}) => {
  const project = await projectWith('legacy');
  const before = await asAppliedBefore(project);
  expect(before.on_demand_feature_views['offer']?.code_sha256).toMatch(/^[0-9a-f]{64}$/);
  expect(before.feature_views['words@1']?.fingerprint).not.toBe(
    project.manifest.feature_views['words@1']?.fingerprint,
  );
  await applyManifest(store, before, { actor: 'the release before' });
  expect((await planProject({ store, artifacts }, project)).plan.changes).toEqual([]);
  const aligned = await alignWithApplied(
    { store, artifacts },
    await appliedManifest(store, 'legacy'),
    project,
  );
  expect(aligned).toEqual(before);
});

test('recognised code stays recognised when it is moved and reformatted afterwards', async ({
  store,
  artifacts,
}) => {
  const project = await projectWith('kept');
  const before = await asAppliedBefore(project);
  await applyManifest(store, before, { actor: 'the release before' });
  // Stores the sources.
  await applyProject({ store, artifacts }, project, ada);
  const moved = await projectWith('kept', {
    prepare(folder) {
      mkdirSync(join(folder, 'src/math'));
      writeFileSync(
        join(folder, 'src/math/part.ts'),
        '// Half.\nexport const part = (x: number) =>\n  (x / 2);\n',
      );
      writeFileSync(join(folder, 'src/ratio.ts'), "export { part as ratio } from './math/part.ts';\n");
      const words = readFileSync(join(folder, 'src/words.ts'), 'utf8');
      writeFileSync(join(folder, 'src/words.ts'), words.replaceAll("'", '"').replaceAll(', ', ',\n '));
    },
  });
  expect(await moved.code.onDemand.get('offer')?.legacySha256()).not.toBe(
    before.on_demand_feature_views['offer']?.code_sha256,
  );
  expect((await planProject({ store, artifacts }, moved)).plan.changes).toEqual([]);
  const applied = await appliedManifest(store, 'kept');
  expect(await alignWithApplied({ store, artifacts }, applied, moved)).toEqual(before);
});

test('an identity by another algorithm is recognised by the stored sources', async ({ store, artifacts }) => {
  const project = await projectWith('future');
  const [offer, words] = [project.code.onDemand.get('offer'), project.code.computations.get('words@1')];
  const definition = project.manifest.on_demand_feature_views['offer'];
  if (!offer || !words || !definition) throw new Error('The project lacks code.');
  // As if the same code were loaded by a release with another algorithm, or another version of the bundler.
  const renamed = { identity: `ast-2:${'a'.repeat(64)}` };
  const other = {
    ...project,
    manifest: {
      ...project.manifest,
      on_demand_feature_views: {
        offer: { ...definition, code_sha256: renamed.identity },
      },
    },
    code: { ...project.code, onDemand: new Map([['offer', { ...offer, ...renamed }]]) },
  };
  await applyProject({ store, artifacts }, other, ada);
  expect((await planProject({ store, artifacts }, project)).plan.changes).toEqual([]);
});

test('changed code is not recognised, and the plan says what differs', async ({ store, artifacts }) => {
  await applyProject({ store, artifacts }, await projectWith('changed'), ada);
  const changed = await projectWith('changed', {
    prepare: (folder) =>
      writeFileSync(join(folder, 'src/ratio.ts'), 'export const ratio = (bid: number) => bid / 3;\n'),
  });
  const { plan } = await planProject({ store, artifacts }, changed);
  expect(plan.refusals.map(({ subject }) => subject).sort()).toEqual([
    'on-demand view offer',
    'view words@1',
  ]);
  for (const { message } of plan.refusals)
    expect(message).toContain('(function ratio in src/ratio.ts changed)');
});
