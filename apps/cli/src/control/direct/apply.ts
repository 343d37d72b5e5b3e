import type { ApplyAnswer, PlanAnswer } from '@larder/contracts';
import { createLogger } from '@larder/core';
import type { Manifest } from '@larder/features';
import {
  applyJson,
  applyPlanned,
  followApply,
  planJson,
  plannedChains,
  planProject,
  withArtifactRefusals,
  type FillEstimate,
  type Plan,
} from '@larder/registry';
import { actor } from '../../actor.ts';
import { planCountedFills } from '../../fill/plan-counted-fills.ts';
import { migrateAsOwner } from '../../migrate-as-owner.ts';
import { isConfirmed } from '../../output/confirm.ts';
import type { Session } from '../../session.ts';
import type { ApplyAsked, PlanAsked } from '../control.ts';

export interface Planned {
  readonly plan: Plan;
  readonly json: PlanAnswer;
  readonly fills: readonly FillEstimate[];
  readonly manifest: Manifest;
}

/** What applying the definitions here would change; sources are counted. */
export async function directPlan(session: Session, options: PlanAsked): Promise<Planned> {
  const project = await session.project();
  const deps = { store: await session.offlineStore(), artifacts: await session.artifacts() };
  const { predictionLogMs } = session.config;
  const before = await planProject(deps, project, { ...options, predictionLogMs });
  const plan = await withArtifactRefusals(project, before);
  const fills = await planCountedFills(session, project.manifest, plan);
  const chains = plannedChains(plan, project.manifest);
  return { plan, json: planJson(plan, { chains, fills }), fills, manifest: project.manifest };
}

/** Applies the definitions here, after asking about what stops something. */
export async function directApply(session: Session, asked: ApplyAsked): Promise<ApplyAnswer> {
  const { sameMeaning, prune, yes } = asked;
  const { predictionLogMs } = session.config;
  const project = await session.project();
  const { manifest } = project;
  const deps = { store: await session.offlineStore(), artifacts: await session.artifacts() };
  await migrateAsOwner(session);
  const planned = await planProject(deps, project, { sameMeaning, prune, predictionLogMs });
  for (const text of planned.plan.warnings) session.out.note(`! ${text}`);
  const confirmed = yes || (planned.plan.refusals.length === 0 && (await isConfirmed(planned.plan, session)));
  const result = await applyPlanned(deps, project, {
    planned,
    options: { actor: actor(), sameMeaning, prune, predictionLogMs, refuseDestructive: !confirmed },
  });
  const after = await followApply(deps.store, {
    ...asked,
    project: manifest.project,
    result,
    actor: actor(),
    logger: createLogger('larder', { level: 'silent' }),
  });
  return applyJson(manifest.project, result, after);
}
