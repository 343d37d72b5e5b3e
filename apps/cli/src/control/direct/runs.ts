import { setTimeout as delay } from 'node:timers/promises';
import {
  cancelRun,
  createBackfill,
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
import type { Session } from '../../session.ts';
import type { RunsControl } from '../control.ts';

const ACTIONS = {
  pause: pauseRun,
  resume: resumeRun,
  cancel: cancelRun,
  'retry-failed': retryFailed,
} as const;
const POLL_MS = 250;

/** Runs in PostgreSQL, by the use cases that the service calls too. */
export async function directRuns({ offlineStore, projectName, manifest }: Session): Promise<RunsControl> {
  const project = await projectName();
  const store = await offlineStore();
  const get: RunsControl['get'] = async (id) => runJson(await getRun(store, project, id));
  return {
    get,
    async backfill({ view, scope, limit, priority, max_rows_per_second: maxRowsPerSecond, force }) {
      const request = { manifest: await manifest(), view, scope, limit, priority, maxRowsPerSecond, force };
      const { runId, status } = await createBackfill(store, request);
      return { run_id: runId, status };
    },
    async list({ view, ...query }) {
      const ofView = view === undefined ? {} : await runsOfView(store, await manifest(), view);
      const { runs, cursor } = await listRuns(store, project, { ...query, ...ofView });
      return { runs: runs.map(runJson), complete: cursor === null };
    },
    graph: async (id) => runGraphJson(await runGraph(store, project, id)),
    async failures(id, page) {
      const { failures, cursor } = await listFailures(store, project, id, page);
      return { failures: failures.map(failureJson), cursor };
    },
    act: (id, action) => ACTIONS[action](store, project, id),
    async *watch(id, signal) {
      for (;;) {
        const run = await get(id);
        yield run;
        if (run.finished_at !== null || signal.aborted) return;
        await delay(POLL_MS, undefined, { signal }).catch(() => {});
        if (signal.aborted) return;
      }
    },
  };
}
