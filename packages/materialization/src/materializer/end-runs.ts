import { finishRuns } from '@larder/offline-store/runs';
import type { MaterializerContext } from './materializer-context.ts';

/** Ends the runs whose chunks have all ended, with a line each: what happened is read from the log, chunk or no chunk. */
export async function endRuns({
  store,
  projectName,
  logger,
}: Pick<MaterializerContext, 'store' | 'projectName' | 'logger'>): Promise<void> {
  for (const { runId, view, version, status, seconds, ...rows } of await finishRuns(store, projectName))
    logger.info({ runId, view: `${view}@${version}`, status, ...rows, seconds }, 'A run ended');
}
