import { viewFingerprint, type ComputeManifest, type Manifest } from '@larder/features';
import { expect, test } from 'vitest';
import { adImage, hash, imageCompute, manifest, withView } from '../testing/registry.ts';
import { withAppliedArtifacts } from './with-applied-artifacts.ts';

/** The manifest with this computation of `ad_image@1`, as loading a project gives it. */
function loadedWith(compute: ComputeManifest | null, rest: Partial<typeof adImage> = {}): Manifest {
  const whole = manifest('shop');
  const view = { ...adImage, ...rest, compute };
  const entity = whole.entities['ad'] ?? { name: 'ad', join_keys: [] };
  return withView(whole, { ...view, fingerprint: viewFingerprint(entity, view) });
}

const applied = loadedWith(imageCompute);
const overwritten = { ...imageCompute, artifacts: { encoder: { path: 'moved', sha256: hash('other') } } };
const viewOf = (whole: Manifest) => whole.feature_views['ad_image@1'];

test('a view whose folder was overwritten computes with the applied artifact', () => {
  const view = viewOf(withAppliedArtifacts(applied, loadedWith(overwritten)));
  expect(view?.compute?.artifacts).toEqual(imageCompute.artifacts);
  expect(view?.fingerprint).toBe(viewOf(applied)?.fingerprint);
});

test.for([
  ['its options', { ...overwritten, options: {} }, {}],
  ['its code', { ...overwritten, code_sha256: hash('code') }, {}],
  ['its schema', overwritten, { schema: [] }],
  [
    'the names of its artifacts',
    { ...overwritten, artifacts: { other: { path: 'x', sha256: hash('x') } }, options: {} },
    {},
  ],
  ['that it is computed', null, {}],
] as const)('a view that differs in %s, too, is left as it is', ([, compute, rest]) => {
  const loaded = loadedWith(compute, rest);
  expect(withAppliedArtifacts(applied, loaded)).toEqual(loaded);
});

test('what is not applied is left as it is', () => {
  const loaded = loadedWith(overwritten);
  expect(withAppliedArtifacts(null, loaded)).toEqual(loaded);
  expect(withAppliedArtifacts({ feature_views: {} }, loaded)).toEqual(loaded);
});
