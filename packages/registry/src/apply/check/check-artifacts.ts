import { LarderError, type ErrorCode } from '@larder/core';
import { readTraining } from '@larder/model-runtime/read-training';
import {
  artifactFolder,
  namedInputs,
  type BudgetManifest,
  type LoadedProject,
  type Manifest,
} from '@larder/features';
import { resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Comparison } from '../../plan/plan-manifest.ts';
import type { Plan } from '../../plan/plan.ts';
import type { RegistryState } from '../../registry-state.ts';
import type { PlannedProject } from '../plan-project.ts';
import type { CheckAnswer, CheckJob } from './check-job.ts';
import { runCheck } from './run-check.ts';
import { measuredOf, type Measured } from './measured.ts';

/** What is recorded with new model versions, by model. */
export interface Checked {
  readonly measured: ReadonlyMap<string, Measured>;
  readonly training: ReadonlyMap<string, unknown>;
}

export interface Checking {
  readonly project: LoadedProject;
  readonly aligned: Manifest;
  readonly state: RegistryState;
  readonly comparison: Comparison;
}

interface Problem {
  readonly code: ErrorCode;
  readonly subject: string;
  readonly message: string;
}

/** Checks that run at the same time. */
const LANES = 2;

/**
 * Opens every artifact that is new as the processes do that will use it: model versions with signature, golden rows and
 * budget, artifacts behind views through the view's own computation. What is on record already is not opened again.
 * @throws ARTIFACT_INVALID, MODEL_SIGNATURE_MISMATCH, MODEL_GOLDEN_MISMATCH, BUDGET_EXCEEDED: with every problem in `errors`
 */
export async function checkArtifacts(checking: Checking): Promise<Checked> {
  const { problems, ...checked } = await openArtifacts(checking);
  refuseProblems(problems);
  return checked;
}

/** The same as refusals of a plan, of which there are none when apply would refuse for another reason first. */
export async function withArtifactRefusals(
  project: LoadedProject,
  { plan, aligned, state, comparison }: PlannedProject,
): Promise<Plan> {
  if (plan.refusals.length > 0) return plan;
  const { problems } = await openArtifacts({ project, aligned, state, comparison });
  const refusals = problems.map(({ code, subject, message }) => ({
    code,
    subject,
    pointer: subject,
    message,
  }));
  return { ...plan, refusals };
}

async function openArtifacts(
  checking: Checking,
): Promise<Checked & { readonly problems: readonly Problem[] }> {
  const { project, aligned } = checking;
  const problems: Problem[] = [];
  const measured = new Map<string, Measured>();
  const training = new Map<string, unknown>();
  const report = (subject: string, error: { code: ErrorCode | null; message: string }): void => {
    problems.push({ code: error.code ?? 'ARTIFACT_INVALID', subject, message: error.message });
  };

  async function checkModel(name: string): Promise<void> {
    const model = aligned.models[name];
    if (model === undefined) return;
    const subject = `model ${name}`;
    const folder = resolve(project.root, model.artifact.path);
    const recorded = recordedMeasures(checking, name);
    try {
      training.set(name, await readTraining(folder));
      if (recorded === null) {
        const answer = await runCheck(modelJob(aligned, name, folder));
        if ('error' in answer) return report(subject, answer.error);
        if (answer.measured !== null) measured.set(name, measuredOf(answer.measured));
      } else measured.set(name, recorded);
    } catch (error) {
      return report(subject, error as LarderError);
    }
    const measures = measured.get(name);
    const excess = measures && overBudget(measures, model.budget);
    if (excess) report(subject, { code: 'BUDGET_EXCEEDED', message: `model ${name}: ${excess}` });
  }

  async function checkView(ref: string): Promise<void> {
    const answer: CheckAnswer = await runCheck(viewJob(project, aligned, ref));
    if ('error' in answer)
      report(`view ${ref}`, { ...answer.error, message: `view ${ref}: ${answer.error.message}` });
  }

  const checks = [
    ...modelsToCheck(checking).map((name) => () => checkModel(name)),
    ...viewsToCheck(checking).map((ref) => () => checkView(ref)),
  ];
  const next = checks.values();
  await Promise.all(
    Array.from({ length: LANES }, async () => {
      for (const check of next) await check();
    }),
  );
  return { measured, training, problems };
}

/**
 * What was measured of the newest version, if opening the model would only repeat it: the artifact is the same, and so is
 * what it is checked against. A new version may differ in its functions and in the versions of its views alone.
 */
function recordedMeasures({ project, aligned, state, comparison }: Checking, name: string): Measured | null {
  const newest = state.modelVersions.get(name);
  const measures = (newest?.measured ?? null) as Measured | null;
  if (measures === null || !comparison.newModelVersions.has(name)) return measures;
  const applied = state.applied?.manifest;
  const [was, now] = [applied?.models[name]?.artifact, aligned.models[name]?.artifact];
  if (applied === undefined || now === undefined || was?.sha256 !== now.sha256) return null;
  if (newest?.artifactSha256 !== now.sha256) return null;
  const folder = resolve(project.root, now.path);
  return isDeepStrictEqual(modelJob(applied, name, folder), modelJob(aligned, name, folder))
    ? measures
    : null;
}

/** New versions, and those whose budget is another one. */
function modelsToCheck({ aligned, state, comparison }: Checking): string[] {
  return Object.values(aligned.models)
    .filter(({ name, budget }) => {
      if (comparison.newModelVersions.has(name)) return true;
      const was = state.applied?.manifest.models[name]?.budget;
      return budget !== undefined && JSON.stringify(budget) !== JSON.stringify(was);
    })
    .map(({ name }) => name);
}

/** Views whose artifacts are not those on record. */
function viewsToCheck({ aligned, state }: Checking): string[] {
  return Object.entries(aligned.feature_views).flatMap(([ref, { compute }]) => {
    const known = state.viewDefinitions.get(ref)?.compute?.artifacts ?? {};
    const changed = Object.entries(compute?.artifacts ?? {}).some(
      ([name, { sha256 }]) => known[name]?.sha256 !== sha256,
    );
    return changed ? [ref] : [];
  });
}

function modelJob(manifest: Manifest, name: string, artifactPath: string): CheckJob {
  const model = manifest.models[name];
  if (model === undefined) throw new Error(`The manifest has no model ${name}.`);
  const columns = (view: string, version: number | null, feature: string): number => {
    const { schema } = (version === null
      ? manifest.on_demand_feature_views[view]
      : manifest.feature_views[`${view}@${version}`]) ?? { schema: [] };
    return schema.find((field) => field.name === feature)?.length ?? 1;
  };
  const features = model.inputs.flatMap(({ view, version, features: names }) =>
    names.map((feature) => ({ ref: `${view}:${feature}`, width: columns(view, version, feature) })),
  );
  return {
    kind: 'model',
    model: {
      name,
      artifactPath,
      expectedFeatures: features.map(({ ref }) => ref),
      width: features.reduce((sum, { width }) => sum + width, 0),
      inputs: namedInputs(manifest, model.inputs),
      outputs: model.outputs.map((output) => output.name),
      missing: model.missing,
    },
  };
}

function viewJob(project: LoadedProject, aligned: Manifest, ref: string): CheckJob {
  const artifacts = project.featureViews.get(ref)?.compute?.artifacts ?? {};
  return {
    kind: 'view',
    configPath: project.configPath,
    ref,
    artifactPaths: Object.fromEntries(
      Object.entries(artifacts).flatMap(([name, artifact]) => {
        const folder = artifactFolder(artifact, project.root);
        return folder === null ? [] : [[name, folder]];
      }),
    ),
    allowedHosts: aligned.allowed_hosts,
  };
}

function overBudget(
  { latency_ms: latencyMs, memory_mb: memoryMb }: Measured,
  budget: BudgetManifest = {},
): string | null {
  const { max_latency_ms: maxLatencyMs = Infinity, max_memory_mb: maxMemoryMb = Infinity } = budget;
  const excess = [
    ...(latencyMs > maxLatencyMs
      ? [`one row takes ${latencyMs.toFixed(2)} ms (p99), its budget is ${maxLatencyMs} ms`]
      : []),
    ...(memoryMb > maxMemoryMb
      ? [`it takes ${memoryMb.toFixed(1)} MB of memory, its budget is ${maxMemoryMb} MB`]
      : []),
  ];
  return excess.length === 0
    ? null
    : `${excess.join('; ')}. Make the model smaller, or raise budget in its definition.`;
}

function refuseProblems(problems: readonly Problem[]): void {
  const [first] = problems;
  if (first === undefined) return;
  throw new LarderError(
    first.code,
    `Nothing was applied.\n${problems.map(({ message }) => message).join('\n')}`,
    {
      errors: problems.map(({ subject, message }) => ({ pointer: subject, detail: message })),
    },
  );
}
