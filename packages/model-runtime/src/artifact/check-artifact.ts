import { join } from 'node:path';
import { createSession, type Session } from '../session/create-session.ts';
import { checkGoldenRows, readGoldenRows } from './golden-rows.ts';
import { checkSignature, type ModelDefinition } from './model-signature.ts';
import type { CheckedModel } from './checked-model.ts';
import type { Feed } from '../session/feed.ts';
import { runInline, type RunModel } from '../session/run-model.ts';

/** An artifact and the definition that it must match. */
export interface ArtifactCheck extends ModelDefinition {
  /** Name of the model in errors. */
  readonly name: string;
  readonly artifactPath: string;
}

export interface CheckedArtifact {
  readonly model: CheckedModel;
  /** Median of one row, in milliseconds. */
  readonly oneRowMs: number;
  /** CPU time to open the file, in milliseconds. */
  readonly openMs: number;
}

/**
 * Opens an artifact and checks it against its definition and golden rows, on this thread, which it may block for a long time.
 * @throws ARTIFACT_INVALID, MODEL_SIGNATURE_MISMATCH, MODEL_GOLDEN_MISMATCH
 */
export async function checkArtifact(
  check: ArtifactCheck,
): Promise<{ readonly session: Session; readonly artifact: CheckedArtifact }> {
  const { name, artifactPath, width } = check;
  const modelPath = join(artifactPath, 'model.onnx');
  const before = process.threadCpuUsage();
  const session = await createSession({ modelPath });
  const { user, system } = process.threadCpuUsage(before);
  try {
    const signature = checkSignature(session, check, modelPath);
    const golden = await readGoldenRows(artifactPath, check, signature);
    const model: CheckedModel = { name, modelPath, sha256: session.sha256, signature, width };
    const run = runInline(model, session);
    await checkGoldenRows(golden, run);
    const oneRowMs = await timeOneRow(run, golden.feed);
    return { session, artifact: { model, oneRowMs, openMs: (user + system) / 1_000 } };
  } catch (error) {
    await session.close();
    throw error;
  }
}

/** Median of up to 21 runs of the first row, within about 200 ms; the runs also warm the session. */
async function timeOneRow(run: RunModel, feed: Feed): Promise<number> {
  const times: number[] = [];
  const begin = performance.now();
  await run(feed, 1);
  do {
    const start = performance.now();
    await run(feed, 1);
    times.push(performance.now() - start);
  } while (times.length < 21 && performance.now() - begin < 200);
  return times.toSorted((a, b) => a - b)[times.length >> 1] as number;
}
