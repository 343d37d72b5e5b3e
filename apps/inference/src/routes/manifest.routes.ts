import type { ManifestAnswer } from '@larder/contracts';
import { LARDER_VERSION } from '@larder/core';
import type { LoadedProject } from '@larder/features';
import type { OfflineStore } from '@larder/offline-store';
import { appliedManifest } from '@larder/registry';
import { Router } from 'express';
import { allow } from '../http/allow.ts';
import { noQuery } from '../http/no-query.ts';

export interface ManifestDeps {
  readonly offlineStore: OfflineStore;
  readonly project: LoadedProject;
}

/** The whole definitions, for tools that work with them as this process does: `larder` with LARDER_URL. */
export function manifestRoutes({ offlineStore, project }: ManifestDeps): Router {
  const routes = Router({ caseSensitive: true });
  routes
    .route('/v1/manifest')
    .get(noQuery, async (_request, response) => {
      const applied = await appliedManifest(offlineStore, project.name);
      response.json({
        project: project.name,
        larder_version: LARDER_VERSION,
        applied:
          applied === null
            ? null
            : {
                manifest_id: applied.id,
                applied_at: applied.appliedAt.toISOString(),
                applied_by: applied.actor,
                manifest: { ...applied.manifest },
              },
        loaded: { ...project.manifest },
      } satisfies ManifestAnswer);
    })
    .all(allow('GET'));
  return routes;
}
