import type { RequestListener } from 'node:http';
import { createKey, type KeyRequest } from '@larder/access';
import type { Config } from '../config.ts';
import { predictFirst } from '../create-server.ts';
import type { RawHandler } from '../predict/predict.handler.ts';
import { startInference, type Inference } from '../start-inference.ts';
import { logger, type Service } from './inference-test.ts';

/** A second service on the same stores that asks for keys. */
export interface Locked {
  readonly inference: Inference;
  /** Requests that a handler got, as `express GET /v1/runs`. */
  readonly reached: string[];
}

export async function startLocked(
  { config }: Pick<Service, 'config'>,
  changes: Partial<Omit<Config, 'access'>> & { readonly access?: Partial<Config['access']> } = {},
  /** Answers what the guard admits. @default the service itself */
  instead?: RequestListener,
): Promise<Locked> {
  const reached: string[] = [];
  const inference = await startInference(
    { ...config, ...changes, access: { ...config.access, auth: 'keys', ...changes.access } },
    logger,
    { compose: (predict, express) => instead ?? noting(reached, predict, express) },
  );
  return { inference, reached };
}

function noting(reached: string[], predict: RawHandler, express: RequestListener): RequestListener {
  return predictFirst((request, response) => {
    const what = `${request.method} ${request.url}`;
    const taken = predict(request, response);
    reached.push(`${taken ? 'predict' : 'express'} ${what}`);
    return taken;
  }, express);
}

/** The text of a new key with these scopes. */
export async function keyWith(
  { offlineStore, project }: Pick<Service, 'offlineStore' | 'project'>,
  scopes: readonly string[],
  changes: Partial<KeyRequest> = {},
): Promise<{ readonly text: string; readonly keyId: string }> {
  const { key, text } = await createKey(offlineStore, {
    project: project.name,
    name: 'test',
    role: null,
    scopes,
    rate: null,
    by: { actor: 'test', granted: null },
    ...changes,
  });
  return { text, keyId: key.keyId };
}

export const bearer = (text: string): { readonly authorization: string } => ({
  authorization: `Bearer ${text}`,
});
