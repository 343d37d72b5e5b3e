import type { Feed, ModelRunner, RunCaller } from '@larder/model-runtime';

export interface ModelRun extends Required<RunCaller> {
  /** Tensors of `rows` rows, possibly followed by unused memory. */
  readonly feed: Feed;
  readonly rows: number;
}

/** Outputs by name, one float32 per row. @throws DEADLINE_EXCEEDED, CALLER_LEFT, MODEL_RUN_FAILED */
export function runModel(
  runner: Pick<ModelRunner, 'run' | 'placement'>,
  run: ModelRun,
): Promise<Readonly<Record<string, Float32Array>>> {
  // An inline run blocks the thread: no timer could end it.
  return runner.placement === 'inline' ? runner.run(run.feed, run.rows) : runner.run(run.feed, run.rows, run);
}
