import { formatDurationMs } from '@larder/core';
import type { Manifest } from '@larder/features';
import { viewAges, type ViewAge } from '@larder/materialization/views';
import type { OfflineStore } from '@larder/offline-store';
import type { Problem } from './problem.ts';

export interface AgeStanding {
  readonly ages: readonly ViewAge[];
  readonly problems: readonly Problem[];
}

/** Views beyond their freshness objective, and chains that do not follow. */
export async function viewProblems(
  store: Pick<OfflineStore, 'db'>,
  manifest: Manifest,
  now: Date,
): Promise<AgeStanding> {
  const ages = await viewAges(store, manifest);
  return { ages, problems: [...ages.flatMap((age) => staleness(age, now)), ...ages.flatMap(lag)] };
}

function staleness({ ref, objectiveMs, asOf, filled, stale, staleFrom }: ViewAge, now: Date): Problem[] {
  if (!stale || objectiveMs === null) return [];
  const objective = `its objective is ${formatDurationMs(objectiveMs)}`;
  const ageMs = now.getTime() - asOf.getTime();
  return [
    {
      kind: 'view_stale',
      severity: 'act',
      subject: ref,
      since: staleFrom,
      detail: filled
        ? `the newest that is known is ${formatDurationMs(ageMs)} old; ${objective}`
        : `nothing landed in ${formatDurationMs(ageMs)}; ${objective}`,
      next: `larder runs --view ${ref}`,
    },
  ];
}

function lag({ ref, behindSince }: ViewAge): Problem[] {
  if (behindSince === null) return [];
  return [
    {
      kind: 'chain_behind',
      severity: 'act',
      subject: ref,
      since: behindSince,
      detail: 'changes of the views that it is computed from wait',
      next: `larder ps --computes ${ref}`,
    },
  ];
}
