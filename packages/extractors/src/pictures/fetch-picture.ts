import { OutboundError, type Fetched, type Outbound, type Validators } from '@larder/outbound';
import { pictureFailure } from './picture-failure.ts';

export interface FetchPictureOptions {
  readonly timeoutMs: number;
  readonly maxBytes: number;
  /** Aborts the whole computation; its reason is thrown unchanged. */
  readonly signal: AbortSignal;
  /** Of the picture that the caller knows already; null: none. */
  readonly validators: Validators | null;
}

/**
 * The bytes of a picture, unless the host says that they are still those of the validators.
 * @throws PICTURE_URL_INVALID, PICTURE_HOST_NOT_ALLOWED, PICTURE_ADDRESS_PRIVATE, PICTURE_NOT_FOUND, PICTURE_REFUSED,
 *   PICTURE_REDIRECTED, PICTURE_UNAVAILABLE, PICTURE_ANSWER_INVALID, PICTURE_TIMEOUT, PICTURE_TOO_LARGE
 */
export async function fetchPicture(
  outbound: Outbound,
  address: string,
  options: FetchPictureOptions,
): Promise<Fetched | 'unchanged'> {
  try {
    return await outbound.fetchChanged(address, { ...options, accept: 'image/*' });
  } catch (error) {
    throw error instanceof OutboundError ? pictureFailure(error) : error;
  }
}
