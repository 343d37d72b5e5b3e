import type { ComputationContext } from '@larder/features';
import { createOutbound } from '@larder/outbound';
import { fetchPicture } from './fetch-picture.ts';
import { openSharedPictures } from './shared-pictures.ts';

export interface PictureFetcherOptions {
  /** Kind of the computation that asks. */
  readonly kind: string;
  readonly maxBytes: number;
  readonly timeoutMs: number;
}

export interface PictureFetcher {
  fetch(address: string, signal: AbortSignal): Promise<Buffer>;
  close(): void;
}

/**
 * `fetchPicture` for one computation: what another computation under the same rules has just downloaded on this
 * machine is not downloaded again.
 */
export function createPictureFetcher(
  { options, artifactPaths, allowedHosts }: ComputationContext,
  { kind, maxBytes, timeoutMs }: PictureFetcherOptions,
): PictureFetcher {
  const outbound = createOutbound({ allowedHosts });
  const shared = openSharedPictures({ reader: JSON.stringify([kind, options, artifactPaths]) });
  return {
    fetch: (address, signal) =>
      shared.get(
        // Who may fetch less than another finds nothing of the other's.
        JSON.stringify([address, allowedHosts, maxBytes]),
        () => fetchPicture(outbound, address, { timeoutMs, maxBytes, signal }),
        signal,
      ),
    close: outbound.close,
  };
}
