import { LarderError } from '@larder/core';
import { createSession, type Session } from '../session/create-session.ts';
import { emptyFeed } from '../session/feed.ts';
import { runInline } from '../session/run-model.ts';
import type { CheckedModel } from './checked-model.ts';

/**
 * Opens a checked model on this thread and runs a row to warm it.
 * @throws ARTIFACT_INVALID, MODEL_NOT_READY when the file has changed since
 */
export async function openChecked(model: CheckedModel): Promise<Session> {
  const { modelPath, sha256, signature } = model;
  const session = await createSession({ modelPath });
  try {
    if (session.sha256 !== sha256)
      throw new LarderError('MODEL_NOT_READY', `${modelPath} was replaced after it was checked; apply it.`);
    await runInline(model, session)(emptyFeed(signature.inputs), 1);
    return session;
  } catch (error) {
    await session.close();
    throw error;
  }
}
