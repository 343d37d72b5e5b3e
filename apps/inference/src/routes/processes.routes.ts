import type { ProcessesAnswer } from '@larder/contracts';
import { listProcesses, processJson, type OfflineStore } from '@larder/offline-store';
import { Router } from 'express';
import { allow } from '../http/allow.ts';
import { noQuery } from '../http/no-query.ts';

export interface ProcessesDeps {
  readonly offlineStore: OfflineStore;
  readonly project: string;
}

/** Lists every live worker and inference process of the project. */
export function processesRoutes({ offlineStore, project }: ProcessesDeps): Router {
  const routes = Router({ caseSensitive: true });
  routes
    .route('/v1/processes')
    .get(noQuery, async (_request, response) => {
      const processes = await listProcesses(offlineStore, project);
      response.json({ processes: processes.map(processJson) } satisfies ProcessesAnswer);
    })
    .all(allow('GET'));
  return routes;
}
