import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { definitionFingerprint } from '../manifest/view-fingerprint.ts';
import { loadProject } from './load-project.ts';

const FIXTURES = join(import.meta.dirname, '../fixtures');
const ABSENT = '0'.repeat(64);

let folder: string;
let configPath: string;
beforeEach(() => {
  // Inside the repository, where the copy finds its packages.
  mkdirSync(inject('testFolder'), { recursive: true });
  folder = mkdtempSync(join(inject('testFolder'), 'copy-'));
  cpSync(join(FIXTURES, 'ads'), folder, { recursive: true });
  configPath = join(folder, 'larder.config.ts');
});
afterEach(() => rmSync(folder, { recursive: true }));

test('a project whose folders are lost is refused, unless they may be missing', async () => {
  const whole = await loadProject(configPath);
  rmSync(join(folder, 'models'), { recursive: true });
  await expect(loadProject(configPath)).rejects.toMatchObject({
    code: 'DEFINITION_INVALID',
    errors: [
      { pointer: '/feature_views/ad_title@1/compute/artifacts/encoder' },
      { pointer: '/models/ad_ctr/artifact' },
    ],
  });
  const { manifest } = await loadProject(configPath, { artifacts: 'optional' });
  expect(manifest.models['ad_ctr']?.artifact).toEqual({ path: 'models/ad_ctr', sha256: ABSENT });
  expect(manifest.feature_views['ad_title@1']?.compute?.artifacts['encoder']?.sha256).toBe(ABSENT);
  expect(manifest.feature_views['ad_title@1']?.fingerprint).not.toBe(
    whole.manifest.feature_views['ad_title@1']?.fingerprint,
  );
  expect(definitionFingerprint(manifest, 'ad_title@1')).toBe(
    definitionFingerprint(whole.manifest, 'ad_title@1'),
  );
});

test('artifacts that are ignored are not read', async () => {
  const { manifest } = await loadProject(configPath, { artifacts: 'ignored' });
  expect(manifest.models['ad_ctr']?.artifact.sha256).toBe(ABSENT);
  const optional = await loadProject(configPath, { artifacts: 'optional' });
  expect(optional.manifest).toEqual((await loadProject(configPath)).manifest);
});
