import {
  failuresQuerySchema,
  runsQuerySchema,
  type FailuresAnswer,
  type RunGraphAnswer,
  type RunsAnswer,
} from '@larder/contracts';
import type { Manifest } from '@larder/features';
import type { OfflineStore } from '@larder/offline-store';
import {
  cancelRun,
  failureJson,
  getRun,
  listFailures,
  listRuns,
  pauseRun,
  resumeRun,
  retryFailed,
  runGraph,
  runGraphJson,
  runJson,
  runsOfView,
} from '@larder/materialization/runs';
import { Router, type RequestHandler } from 'express';
import { allow } from '../http/allow.ts';
import { emptyBody } from '../http/json-body.ts';
import { noQuery } from '../http/no-query.ts';
import { validate } from '../http/validate.ts';
import type { RunEvents } from '../runs/run-events.ts';

export interface RunsDeps {
  readonly offlineStore: OfflineStore;
  readonly project: string;
  readonly events: RunEvents;
  /** The applied manifest. @throws DEFINITION_NOT_LOADED before the first apply */
  manifest(): Manifest;
}

type RunAction = (store: OfflineStore, project: string, runId: string) => Promise<void>;

const ACTIONS: Readonly<Record<string, RunAction>> = {
  pause: pauseRun,
  resume: resumeRun,
  cancel: cancelRun,
  'retry-failed': retryFailed,
};

/** Routes of runs: listing, progress, failures, and actions on a run. */
export function runsRoutes(deps: RunsDeps): Router {
  const { offlineStore, project, events, manifest } = deps;
  const routes = Router({ caseSensitive: true });

  routes
    .route('/v1/runs')
    .get(async (request, response) => {
      const { view, ...query } = validate(runsQuerySchema, request.query);
      const ofView = view === undefined ? {} : await runsOfView(offlineStore, manifest(), view);
      const { runs, cursor } = await listRuns(offlineStore, project, { ...query, ...ofView });
      response.json({ runs: runs.map(runJson), cursor } satisfies RunsAnswer);
    })
    .all(allow('GET'));

  routes
    .route('/v1/runs/:id')
    .get(noQuery, async (request, response) => {
      response.json(runJson(await getRun(offlineStore, project, request.params.id)));
    })
    .all(allow('GET'));

  routes
    .route('/v1/runs/:id/graph')
    .get(noQuery, async (request, response) => {
      const graph = await runGraph(offlineStore, project, request.params.id);
      response.json(runGraphJson(graph) satisfies RunGraphAnswer);
    })
    .all(allow('GET'));

  routes
    .route('/v1/runs/:id/failures')
    .get(async (request, response) => {
      const query = validate(failuresQuerySchema, request.query);
      const { failures, cursor } = await listFailures(offlineStore, project, request.params.id, query);
      response.json({ failures: failures.map(failureJson), cursor } satisfies FailuresAnswer);
    })
    .all(allow('GET'));

  routes
    .route('/v1/runs/:id/events')
    .get(noQuery, async (request, response) => {
      await events.stream(request.params.id, response);
    })
    .all(allow('GET'));

  for (const [name, action] of Object.entries(ACTIONS))
    routes.route(`/v1/runs/:id/${name}`).post(noQuery, emptyBody, act(deps, action)).all(allow('POST'));
  return routes;
}

/** Performs the action and answers with the updated run. */
function act({ offlineStore, project }: RunsDeps, action: RunAction): RequestHandler<{ id: string }> {
  return async (request, response) => {
    await action(offlineStore, project, request.params.id);
    response.json(runJson(await getRun(offlineStore, project, request.params.id)));
  };
}
