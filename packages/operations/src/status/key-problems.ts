import { endingKeys, type EndingKey } from '@larder/access';
import { formatDurationMs } from '@larder/core';
import type { OfflineStore } from '@larder/offline-store';
import type { Problem } from './problem.ts';

const DAY_MS = 86_400_000;
const NOTED_MS = 14 * DAY_MS;
/** Callers need time to take a new key. */
const ACT_MS = 2 * DAY_MS;
/** Uses are recorded once a minute; a caller with a cache or a schedule comes back later. */
const IN_USE_MS = DAY_MS;

/** API keys that end within two weeks, and those that ended in the last day while somebody used them. */
export async function keyProblems(
  store: Pick<OfflineStore, 'db'>,
  project: string,
  now: Date,
): Promise<Problem[]> {
  const [from, to] = [new Date(now.getTime() - DAY_MS), new Date(now.getTime() + NOTED_MS)];
  return (await endingKeys(store, project, { from, to })).flatMap((key) => problemOf(key, now.getTime()));
}

function problemOf({ keyId, name, expiresAt, lastUsedAt }: EndingKey, nowMs: number): Problem[] {
  const leftMs = expiresAt.getTime() - nowMs;
  const endedOrNowMs = Math.min(nowMs, expiresAt.getTime());
  const inUse = lastUsedAt !== null && endedOrNowMs - lastUsedAt.getTime() < IN_USE_MS;
  // The id too: a new key often has the name of the one that it replaces.
  const problem = { kind: 'key_expires', subject: `api key ${name} (${keyId})` } as const;
  if (leftMs > 0)
    return [
      {
        ...problem,
        severity: inUse && leftMs < ACT_MS ? 'act' : 'note',
        since: null,
        detail: `it expires in ${formatDurationMs(leftMs)}, and ${usedText(lastUsedAt, nowMs)}`,
        next: `larder api-keys rotate ${keyId}`,
      },
    ];
  if (!inUse) return [];
  return [
    {
      ...problem,
      severity: 'act',
      since: expiresAt,
      detail: `it expired ${formatDurationMs(-leftMs)} ago, and was in use: its callers are refused`,
      next: 'larder api-keys create',
    },
  ];
}

function usedText(lastUsedAt: Date | null, nowMs: number): string {
  if (lastUsedAt === null) return 'was never used';
  return `was used ${formatDurationMs(Math.max(0, nowMs - lastUsedAt.getTime()))} ago`;
}
