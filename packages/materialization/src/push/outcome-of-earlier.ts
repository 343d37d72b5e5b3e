import type { Manifest } from '@larder/features';
import type { RunStore } from '../runs/index.ts';
import { earlierPush, type EarlierPush } from './push-keys.ts';

/** A request whose Idempotency-Key came before, or comes twice in one landing. */
interface RepeatedRequest {
  readonly manifest: Pick<Manifest, 'project'>;
  readonly idempotencyKey: string | null;
  readonly requestSha256: string;
}

/** Of one request of a landing. */
export type LandingOutcome<Result> =
  | { readonly ok: true; readonly result: Result }
  | { readonly ok: false; readonly error: unknown };

interface EarlierOutcome<Result> {
  resultOf(earlier: EarlierPush): Result;
  /** Lands it after all: its key is free again. */
  land(): Promise<LandingOutcome<Result>>;
}

/** What the request with the same key was answered; refused when that was another request. */
export async function outcomeOfEarlier<Result>(
  store: RunStore,
  { manifest, idempotencyKey, requestSha256 }: RepeatedRequest,
  { resultOf, land }: EarlierOutcome<Result>,
): Promise<LandingOutcome<Result>> {
  try {
    const key = { project: manifest.project, idempotencyKey: idempotencyKey as string, requestSha256 };
    const earlier = await earlierPush(store, key);
    if (earlier !== null) return { ok: true, result: resultOf(earlier) };
  } catch (error) {
    return { ok: false, error };
  }
  // Its retention ended at this moment.
  return land();
}
