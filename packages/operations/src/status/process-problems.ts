import { formatDurationMs } from '@larder/core';
import { readViews, viewRef, type FeatureViewManifest, type Manifest } from '@larder/features';
import { listProcesses, type LivingProcess, type OfflineStore } from '@larder/offline-store';
import type { Problem } from './problem.ts';

export interface ProcessStanding {
  readonly workers: number;
  readonly slots: number;
  readonly inference: number;
  readonly problems: readonly Problem[];
}

/** Lost entries of the prediction log matter for this long. */
const LOG_DROPS_MS = 3_600_000;
/** Whoever started is loading. */
const LOADING_MS = 60_000;

/** Who does not run, what nobody computes, and what is not served as it is applied. */
export async function processProblems(
  store: Pick<OfflineStore, 'db'>,
  manifest: Manifest,
  { now, scheduled }: { readonly now: Date; readonly scheduled: ReadonlyMap<string, unknown> },
): Promise<ProcessStanding> {
  const processes = await listProcesses(store, manifest.project);
  const workers = processes.filter(({ role }) => role === 'worker');
  const inference = processes.filter(({ role }) => role === 'inference');
  return {
    workers: workers.length,
    slots: workers.reduce((sum, { slots }) => sum + (slots ?? 0), 0),
    inference: inference.length,
    problems: [
      ...absent(workers, inference, manifest),
      ...withoutWorker(workers, manifest, scheduled),
      ...mixed(processes),
      ...oneOfEachModel(inference.flatMap(servedProblems)),
      ...notLogged(inference, now),
    ],
  };
}

function absent(
  workers: readonly LivingProcess[],
  inference: readonly LivingProcess[],
  { feature_views: views, models }: Manifest,
): Problem[] {
  const missing = (kind: 'worker_absent' | 'inference_absent', subject: string, detail: string): Problem => ({
    kind,
    severity: 'act',
    subject,
    since: null,
    detail,
    next: `larder ${kind === 'worker_absent' ? 'worker' : 'serve'}`,
  });
  return [
    ...(workers.length === 0 && Object.keys(views).length > 0
      ? [missing('worker_absent', 'worker', 'no worker runs: queued and scheduled runs wait')]
      : []),
    ...(inference.length === 0 && Object.keys(models).length > 0
      ? [missing('inference_absent', 'inference', 'no inference process runs: nothing answers predictions')]
      : []),
  ];
}

/**
 * Views that runs fill, and that no running worker can compute as they are applied. What a model version in service reads
 * stays scheduled.
 */
function withoutWorker(
  workers: readonly LivingProcess[],
  manifest: Manifest,
  scheduled: ReadonlyMap<string, unknown>,
): Problem[] {
  if (workers.length === 0) return [];
  const filled = new Set([...readViews(manifest), ...scheduled.keys()]);
  return Object.values(manifest.feature_views)
    .filter(
      (view) =>
        filled.has(viewRef(view)) &&
        (view.compute !== null || !['push', 'events'].includes(view.source.kind)),
    )
    .flatMap((view) => withoutWorkerOf(view, workers));
}

function withoutWorkerOf(view: FeatureViewManifest, workers: readonly LivingProcess[]): Problem[] {
  const having = workers.flatMap(({ views }) =>
    views.filter(
      (each) =>
        each.view === view.name && each.version === view.version && each.fingerprint === view.fingerprint,
    ),
  );
  if (having.some(({ lacks }) => lacks === undefined)) return [];
  const connection = having[0]?.lacks;
  return [
    {
      kind: 'view_without_worker',
      severity: 'act',
      subject: viewRef(view),
      since: null,
      detail:
        connection === undefined
          ? 'no running worker has its code: its runs wait'
          : `no running worker has an address for connection ${connection}: its runs wait`,
      next: `larder ps --computes ${viewRef(view)}`,
    },
  ];
}

function mixed(processes: readonly LivingProcess[]): Problem[] {
  const versions = [...new Set(processes.map(({ larderVersion }) => larderVersion))];
  if (versions.length < 2) return [];
  return [
    {
      kind: 'versions_mixed',
      severity: 'note',
      subject: 'processes',
      since: null,
      detail: `processes of several releases run: ${versions.join(', ')}`,
      next: 'larder ps',
    },
  ];
}

function servedProblems({ models, upMs, host }: LivingProcess): Problem[] {
  return models.flatMap(({ model, version, aliases = [] }): Problem[] => {
    const problem = { severity: 'act', subject: model, since: null, next: `larder models ${model}` } as const;
    const stuck = aliases.find((each) => each.problem !== null);
    if (stuck?.problem)
      return [
        {
          ...problem,
          kind: 'alias_not_in_force',
          detail: `${stuck.alias} points to version ${stuck.problem.version}, which ${host} cannot serve: ${stuck.problem.reason.replace(/\.$/, '')}`,
        },
      ];
    if (version !== null || upMs < LOADING_MS) return [];
    return [{ ...problem, kind: 'model_not_loaded', detail: `no version of it could be loaded on ${host}` }];
  });
}

function oneOfEachModel(problems: readonly Problem[]): Problem[] {
  return [...new Map(problems.map((problem) => [`${problem.kind} ${problem.subject}`, problem])).values()];
}

function notLogged(inference: readonly LivingProcess[], now: Date): Problem[] {
  const recent = inference.filter(
    ({ logDroppedAt }) => logDroppedAt !== null && now.getTime() - logDroppedAt.getTime() < LOG_DROPS_MS,
  );
  if (recent.length === 0) return [];
  const newest = new Date(Math.max(...recent.map(({ logDroppedAt }) => Number(logDroppedAt))));
  return [
    {
      kind: 'predictions_not_logged',
      severity: 'act',
      subject: 'prediction log',
      since: newest,
      detail: `${recent.reduce((sum, { logDropped }) => sum + logDropped, 0)} entries were dropped, the last ${formatDurationMs(Math.max(0, now.getTime() - newest.getTime()))} ago`,
      next: 'larder doctor',
    },
  ];
}
