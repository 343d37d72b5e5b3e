import { applyRequestSchema, planRequestSchema, type ApplyAnswer, type PlanAnswer } from '@larder/contracts';
import { currentActor, LarderError, type Logger } from '@larder/core';
import type { LoadedProject } from '@larder/features';
import type { OfflineStore } from '@larder/offline-store';
import {
  applyJson,
  applyProject,
  followApply,
  planFills,
  planJson,
  plannedChains,
  planProject,
  withArtifactRefusals,
  type ArtifactStore,
} from '@larder/registry';
import { Router } from 'express';
import { requireScope } from '../access/require-scope.ts';
import { allow } from '../http/allow.ts';
import { jsonBody } from '../http/json-body.ts';
import { noQuery } from '../http/no-query.ts';
import { validate } from '../http/validate.ts';

export interface ApplyDeps {
  readonly offlineStore: OfflineStore;
  readonly artifacts: ArtifactStore;
  /** How long the prediction log is kept. */
  readonly predictionLogMs: number | 'forever';
  readonly project: LoadedProject;
  readonly logger: Logger;
}

/** Plans and applies the definitions that the process was started with; code never comes by HTTP. */
export function applyRoutes({
  offlineStore,
  artifacts,
  project,
  predictionLogMs,
  logger,
}: ApplyDeps): Router {
  const routes = Router({ caseSensitive: true });
  const deps = { store: offlineStore, artifacts };
  routes
    .route('/v1/plan')
    .post(noQuery, jsonBody, async (request, response) => {
      const body = validate(planRequestSchema, request.body);
      refuseAbsent(project);
      const planned = await planProject(deps, project, {
        prune: body.prune,
        sameMeaning: body.same_meaning,
        predictionLogMs,
      });
      const plan = await withArtifactRefusals(project, planned);
      const fills = await planFills(offlineStore, { manifest: project.manifest, plan });
      const chains = plannedChains(plan, project.manifest);
      response.json(planJson(plan, { chains, fills }) satisfies PlanAnswer);
    })
    .all(allow('POST'));
  routes
    .route('/v1/apply')
    .post(noQuery, jsonBody, async (request, response) => {
      const body = validate(applyRequestSchema, request.body);
      if (body.promote_when_complete) requireScope(request, 'models:promote', 'promote_when_complete');
      if (body.backfill) requireScope(request, 'runs:write', 'backfill');
      refuseAbsent(project);
      const actor = currentActor().actor;
      const result = await applyProject(deps, project, {
        actor,
        prune: body.prune,
        sameMeaning: body.same_meaning,
        predictionLogMs,
        refuseDestructive: !body.yes,
      });
      const after = await followApply(offlineStore, {
        project: project.name,
        result,
        actor,
        backfill: body.backfill,
        promoteWhenComplete: body.promote_when_complete,
        reason: body.reason,
        logger,
      });
      response.json(applyJson(project.name, result, after) satisfies ApplyAnswer);
    })
    .all(allow('POST'));
  return routes;
}

/** The hash of an artifact whose folder was missing when the process started. */
const ABSENT = /^0{64}$/;

/** @throws ARTIFACT_INVALID */
function refuseAbsent({ manifest }: LoadedProject): void {
  const artifacts = [
    ...Object.values(manifest.models).map(({ artifact }) => artifact),
    ...Object.values(manifest.feature_views).flatMap(({ compute }) =>
      Object.values(compute?.artifacts ?? {}),
    ),
  ];
  const absent = artifacts.filter(({ sha256 }) => ABSENT.test(sha256)).map(({ path }) => path);
  if (absent.length === 0) return;
  throw new LarderError(
    'ARTIFACT_INVALID',
    `This process was started without the folders ${absent.join(', ')}. Apply where they are, or restart it with them.`,
  );
}
