import type { ViewsAnswer } from '@larder/contracts';
import type { Manifest } from '@larder/features';
import { viewStandings, type ViewStandings } from '@larder/materialization/views';
import { withinDeadline, type OfflineStore } from '@larder/offline-store';
import { Router } from 'express';
import { allow } from '../http/allow.ts';
import { noQuery } from '../http/no-query.ts';
import { NO_STANDINGS, entitiesJson, viewJson, viewsJson } from '../manifest/view-json.ts';

export interface ViewsDeps {
  readonly offlineStore: OfflineStore;
  /** The applied manifest. @throws DEFINITION_NOT_LOADED before the first apply */
  manifest(): Manifest;
}

/** The applied manifest can be read while PostgreSQL is down; the state of its views cannot. */
const STANDINGS_DEADLINE_MS = 1_000;

/** Serves applied views and entities, read-only. */
export function viewsRoutes({ offlineStore, manifest }: ViewsDeps): Router {
  const standings = (): Promise<ViewStandings> =>
    withinDeadline(viewStandings(offlineStore, manifest().project), STANDINGS_DEADLINE_MS).catch(
      () => NO_STANDINGS,
    );
  const routes = Router({ caseSensitive: true });
  routes
    .route('/v1/views')
    .get(noQuery, async (_request, response) => {
      response.json({ views: viewsJson(manifest(), await standings()) } satisfies ViewsAnswer);
    })
    .all(allow('GET'));
  routes
    .route('/v1/views/:view')
    .get(noQuery, async (request, response) => {
      response.json(viewJson(manifest(), request.params.view, await standings()));
    })
    .all(allow('GET'));
  routes
    .route('/v1/entities')
    .get(noQuery, (_request, response) => {
      response.json(entitiesJson(manifest()));
    })
    .all(allow('GET'));
  return routes;
}
