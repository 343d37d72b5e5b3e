import type { ComputationContext } from '@larder/features';
import { createOutbound } from '@larder/outbound';
import { fetchPicture, type FetchPictureOptions } from './fetch-picture.ts';

export interface PictureFetcher {
  fetch(address: string, signal: AbortSignal): Promise<Buffer>;
  close(): void;
}

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
    fetch(address, signal) {
      const fetch = (): Promise<Buffer> => fetchPicture(outbound, address, { timeoutMs, maxBytes, signal });
      // Views of one project share one list of hosts; a view with a smaller limit never gets what a larger one allowed.
      return sharedBytes?.get(`${maxBytes} ${address}`, fetch, signal) ?? fetch();
    },
    close: outbound.close,
  };
}
