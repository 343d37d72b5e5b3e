import { sql } from 'kysely';
import type { OfflineStore } from '../offline-store.ts';
import { LOGGED_COLUMNS, type LoggedPrediction } from './logged-prediction.ts';

/** How far the time of a prediction may be from the one in its id: usually milliseconds, and a deadline at most. */
const DISTANCES_MS = [2_000, 600_000];

/** A logged prediction by its id; null when the log does not have it. The id's own time chooses the partition. */
export async function findPrediction(
  store: Pick<OfflineStore, 'db'>,
  { project, predictionId }: { readonly project: string; readonly predictionId: string },
): Promise<LoggedPrediction | null> {
  const createdMs = Number.parseInt(predictionId.replaceAll('-', '').slice(0, 12), 16);
  for (const distanceMs of DISTANCES_MS) {
    const { rows } = await sql<LoggedPrediction>`
      select ${LOGGED_COLUMNS} from larder.predictions
      where predicted_at between ${new Date(createdMs - distanceMs)} and ${new Date(createdMs + distanceMs)}
        and prediction_id = ${predictionId} and project = ${project}`.execute(store.db);
    if (rows[0] !== undefined) return rows[0];
  }
  return null;
}
