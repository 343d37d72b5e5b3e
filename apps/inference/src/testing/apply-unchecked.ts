import { join } from 'node:path';
import { createLogger } from '@larder/core';
import { loadProject } from '@larder/features';
import { applyManifest, createArtifactStore } from '@larder/registry';
import type { OfflineStore } from '@larder/offline-store';
import type { Config } from '../config.ts';

/**
 * Applies the project's files without opening the artifact of `ad_brightness`: as if it had passed where it was applied,
 * and fails here.
 */
export async function applyUnchecked({
  config,
  offlineStore: store,
}: {
  readonly config: Pick<Config, 'projectPath' | 'artifacts'>;
  readonly offlineStore: OfflineStore;
}): Promise<void> {
  const logger = createLogger('test', { level: 'silent' });
  const artifacts = createArtifactStore({ store, ...config.artifacts, logger });
  const sha256 = await artifacts.putFolder(join(config.projectPath, '../models/ad_brightness'));
  const { manifest } = await loadProject(config.projectPath);
  const publication = {
    artifacts: [sha256],
    bundles: {},
    code: {},
    training: new Map(),
    measured: new Map(),
  };
  await applyManifest(store, manifest, { actor: 'test', publication });
  await artifacts.close();
}
