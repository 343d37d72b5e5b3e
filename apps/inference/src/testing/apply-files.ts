import { createLogger } from '@larder/core';
import { loadProject } from '@larder/features';
import type { OfflineStore } from '@larder/offline-store';
import { applyProject, createArtifactStore, type ApplyResult } from '@larder/registry';
import type { Config } from '../config.ts';

/** Applies what the project's files say now, as `larder apply` does. */
export async function applyFiles({
  config,
  offlineStore: store,
}: {
  readonly config: Pick<Config, 'projectPath' | 'artifacts'>;
  readonly offlineStore: OfflineStore;
}): Promise<ApplyResult> {
  const project = await loadProject(config.projectPath);
  const logger = createLogger('test', { level: 'silent' });
  const artifacts = createArtifactStore({ store, ...config.artifacts, logger });
  try {
    return await applyProject({ store, artifacts }, project, { actor: 'test' });
  } finally {
    await artifacts.close();
  }
}
