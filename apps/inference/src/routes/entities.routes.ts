import type { EntityAnswer } from '@larder/contracts';
import type { Manifest } from '@larder/features';
import { inspectEntity, type InspectDeps } from '@larder/serving';
import { Router } from 'express';
import { allow } from '../http/allow.ts';
import { noQuery } from '../http/no-query.ts';

export interface EntitiesDeps extends Omit<InspectDeps, 'manifest'> {
  /** The applied manifest; if nothing is applied, the loaded one. */
  manifest(): Manifest;
}

/** Shows what the online store holds for one entity. */
export function entitiesRoutes(deps: EntitiesDeps): Router {
  const routes = Router({ caseSensitive: true });
  routes
    .route('/v1/entities/:entity/:key')
    .get(noQuery, async (request, response) => {
      const { entity, key } = request.params;
      // The annotation checks the use case against the contract.
      const answer: Readonly<EntityAnswer> = await inspectEntity(
        { ...deps, manifest: deps.manifest() },
        entity,
        key,
      );
      response.json(answer);
    })
    .all(allow('GET', 'DELETE'));
  return routes;
}
