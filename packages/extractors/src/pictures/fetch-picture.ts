import { OutboundError, type Outbound } from '@larder/outbound';
import { pictureFailure } from './picture-failure.ts';

export interface FetchPictureOptions {
  readonly timeoutMs: number;
  readonly maxBytes: number;
  /** Aborts the whole computation; its reason is thrown unchanged. */
  readonly signal: AbortSignal;
}

/**
 * The bytes of a picture.
 * @throws PICTURE_URL_INVALID, PICTURE_HOST_NOT_ALLOWED, PICTURE_ADDRESS_PRIVATE, PICTURE_NOT_FOUND, PICTURE_REFUSED,
 *   PICTURE_REDIRECTED, PICTURE_UNAVAILABLE, PICTURE_ANSWER_INVALID, PICTURE_TIMEOUT, PICTURE_TOO_LARGE
 */
export async function fetchPicture(
  outbound: Outbound,
  address: string,
  options: FetchPictureOptions,
): Promise<Buffer> {
  try {
    return await outbound.fetchBytes(address, { ...options, accept: 'image/*' });
  } catch (error) {
    throw error instanceof OutboundError ? pictureFailure(error) : error;
  }
}
