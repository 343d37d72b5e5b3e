import type { PredictInput, PredictOutput } from 'larderjs';
import type { warmth } from '../larder.config.ts';

/** `url`: what `larder up` says. */
export async function scorePhoto(url: string, photoId: string): Promise<number> {
  const input: PredictInput<typeof warmth> = { entities: { photo_id: photoId } };
  const answer = await fetch(`${url}/v1/models/warmth/predict`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(input),
  });
  if (!answer.ok) throw new Error(await answer.text());
  const { outputs } = (await answer.json()) as { outputs: PredictOutput<typeof warmth> };
  return outputs.warm;
}
