import type { ModelRunner, RunCaller } from '@larder/model-runtime';

export interface ModelRun extends RunCaller {
  /** [rows, width], possibly followed by unused memory. */
  readonly floats: Float32Array;
  readonly rows: number;
}

/** Outputs by name, one float32 per row. @throws DEADLINE_EXCEEDED, CALLER_LEFT, MODEL_RUN_FAILED */
export function runModel(
  runner: Pick<ModelRunner, 'run' | 'placement'>,
  { floats, rows, deadlineAtMs, gone }: ModelRun,
): Promise<Readonly<Record<string, Float32Array>>> {
  // An inline run blocks the thread: no timer could end it.
  return runner.placement === 'inline'
    ? runner.run(floats, rows)
    : runner.run(floats, rows, { deadlineAtMs, gone });
}
