import type { ComputationContext, ContentValidators } from '@larder/features';
import { createOutbound } from '@larder/outbound';
import { fetchPicture, type FetchPictureOptions } from './fetch-picture.ts';

export interface FetchedPicture {
  readonly bytes: Buffer;
  /** The host's answer; null: another view had fetched it. */
  readonly answer: { readonly validators: ContentValidators | null } | null;
}

export interface PictureFetcher {
  /** @param validators of the picture that the caller knows; the host may say that it is unchanged */
  fetch(
    address: string,
    signal: AbortSignal,
    validators?: ContentValidators | null,
  ): Promise<FetchedPicture | 'unchanged'>;
  close(): void;
}

class Unchanged extends Error {}

/**
 * `fetchPicture` for one computation: a picture that another view under the same rules has just downloaded in this
 * process is not downloaded again.
 */
export function createPictureFetcher(
  { allowedHosts, sharedBytes }: ComputationContext,
  { maxBytes, timeoutMs }: Pick<FetchPictureOptions, 'maxBytes' | 'timeoutMs'>,
): PictureFetcher {
  const outbound = createOutbound({ allowedHosts });
  return {
    async fetch(address, signal, validators = null) {
      let answer: FetchedPicture['answer'] = null;
      const fetch = async (): Promise<Buffer> => {
        const fetched = await fetchPicture(outbound, address, { timeoutMs, maxBytes, signal, validators });
        // Whoever waits for these bytes asks for itself.
        if (fetched === 'unchanged') throw new Unchanged();
        answer = { validators: fetched.validators };
        return fetched.bytes;
      };
      try {
        // Views of one project share one list of hosts; a view with a smaller limit never gets what a larger one allowed.
        const bytes = await (sharedBytes?.get(`${maxBytes} ${address}`, fetch, signal) ?? fetch());
        return { bytes, answer };
      } catch (error) {
        if (error instanceof Unchanged) return 'unchanged';
        throw error;
      }
    },
    close: outbound.close,
  };
}
