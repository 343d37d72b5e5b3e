import { LarderError } from '@larder/core';
import type { PredictionLog } from '@larder/offline-store';
import type { AnsweredRows } from '../answer/answer-rows.ts';
import type { Batch } from '../batch.ts';
import type { PredictRequest, Timings } from '../predictor.ts';
import { jsonBytes } from './json-bytes.ts';
import { logRecord } from './log-record.ts';

/** Approximate sizes of a record and of its part per view: ids, times, outputs, a pointer. */
const RECORD_BYTES = 300;
const VIEW_BYTES = 120;

export interface LogRowsDeps {
  readonly predictionLog: Pick<PredictionLog, 'append' | 'confirm'>;
}

export interface AnsweredBatch {
  readonly batch: Batch;
  readonly request: PredictRequest;
  readonly rows: AnsweredRows;
  readonly outputs: Readonly<Record<string, Float32Array>>;
  readonly scalars: Float32Array;
  readonly timings: Timings;
}

/** Passes every answered row to the log. Null: nothing to wait for. @throws PREDICTION_NOT_LOGGED the durable log is full */
export function logRows({ predictionLog }: LogRowsDeps, answered: AnsweredBatch): Promise<void> | null {
  const { batch, request, rows, outputs, scalars, timings } = answered;
  const logged = { batch, request, outputs, scalars, timings, rowBytes: rowBytes(answered) };
  const { confirm } = predictionLog;
  for (const row of rows)
    if (!(row instanceof LarderError) && !predictionLog.append(logRecord(logged, row)) && confirm !== null)
      throw new LarderError(
        'PREDICTION_NOT_LOGGED',
        'The prediction was not logged: the buffer of the durable log is full. Retry.',
        { retryAfterSeconds: 1 },
      );
  return confirm === null ? null : confirm();
}

/** Each row is written with the shared values, and keeps the input of the whole request alive. */
function rowBytes({ batch, request, rows }: AnsweredBatch): number {
  let answered = 0;
  for (const row of rows) if (!(row instanceof LarderError)) answered += 1;
  const shared = request.shared === undefined ? 0 : jsonBytes(request.shared);
  const own = (request.sizeBytes ?? jsonBytes(request.rows)) / Math.max(answered, 1);
  return (
    Math.ceil(own) +
    shared +
    RECORD_BYTES +
    VIEW_BYTES * batch.plan.views.length +
    4 * batch.plan.logged.scalars
  );
}
