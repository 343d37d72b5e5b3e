import { newId } from '@larder/core';
import { fingerprint as fingerprintOf, viewRef } from '@larder/features';
import { createRun, type RunStore } from '../runs/index.ts';

export interface DueRun {
  readonly project: string;
  readonly view: string;
  readonly version: number;
  readonly fingerprint: string;
  readonly dueAt: Date;
}

const PRIORITY = 50;

/** Queues the run of a due time; its idempotency key is the due time, so that no due time has two runs. @returns its id */
export async function queueScheduledRun(store: RunStore, due: DueRun): Promise<string> {
  const { project, view, version, fingerprint, dueAt } = due;
  const meaning = {
    view,
    version,
    trigger: 'schedule',
    scope: { all: true },
    rowLimit: null,
    priority: PRIORITY,
    maxRowsPerSecond: null,
    force: false,
  } as const;
  const { runId } = await createRun(store, {
    ...meaning,
    runId: newId(),
    project,
    fingerprint,
    idempotencyKey: `schedule ${viewRef({ name: view, version })} ${dueAt.toISOString()}`,
    requestSha256: fingerprintOf(meaning),
  });
  return runId;
}
