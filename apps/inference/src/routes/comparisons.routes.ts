import { compareQuerySchema, parityQuerySchema } from '@larder/contracts';
import { currentActor } from '@larder/core';
import { Router, type Request, type Response } from 'express';
import { requireScope } from '../access/require-scope.ts';
import type { AskedComparison } from '../comparisons/comparison-job.ts';
import type { Comparisons } from '../comparisons/create-comparisons.ts';
import type { Config } from '../config.ts';
import { allow } from '../http/allow.ts';
import { validate } from '../http/validate.ts';
import { foldersOf } from '../training-sets/sweep-folder.ts';

export interface ComparisonsDeps {
  readonly config: Config;
  readonly project: string;
  readonly comparisons: Comparisons;
}

/** What was logged against what history says, and one view version against another. */
export function comparisonsRoutes({ config, project, comparisons }: ComparisonsDeps): Router {
  const { trainingSets: settings, databaseUrl, artifacts } = config;
  const routes = Router({ caseSensitive: true });
  const stream = async (asked: AskedComparison, response: Response): Promise<void> => {
    if (response.req.method === 'HEAD') return void response.type('text/event-stream').end();
    await comparisons.stream(
      {
        project,
        databaseUrl,
        artifacts,
        temporaryFolder: foldersOf(settings.folder).temporary,
        memoryMb: settings.memoryMb,
        diskMb: settings.diskMb,
        actor: currentActor().actor,
        asked,
      },
      response,
    );
  };
  routes
    .route('/v1/models/:model/parity')
    .get(async (request: Request<{ model: string }>, response) => {
      const query = validate(parityQuerySchema, request.query);
      await stream({ kind: 'parity', model: request.params.model, ...query }, response);
    })
    .all(allow('GET'));
  routes
    .route('/v1/comparison')
    .get(async (request, response) => {
      const query = validate(compareQuerySchema, request.query);
      if (query.model !== undefined) requireScope(request, 'predictions:read', 'model');
      await stream({ kind: 'views', ...query }, response);
    })
    .all(allow('GET'));
  return routes;
}
