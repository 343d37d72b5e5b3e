import type { Logger } from '@larder/core';
import { followedParents, viewRef, type Manifest } from '@larder/features';
import type { OfflineStore } from '@larder/offline-store';
import { feedChain } from './feed-chain.ts';

export interface FollowDeps {
  readonly store: OfflineStore;
  /** The manifest applied now. */
  readonly applied: () => Manifest | null;
  /** Called when chunks were added, or a run may end. */
  readonly onFed: () => void;
  readonly logger: Pick<Logger, 'debug' | 'warn'>;
}

/** One turn for each view that is computed from others; true: there is more to do at once. */
export async function followChains({ store, applied, onFed, logger }: FollowDeps): Promise<boolean> {
  const manifest = applied();
  if (manifest === null) return false;
  let more = false;
  for (const view of Object.values(manifest.feature_views)) {
    if (followedParents(manifest, view).length === 0) continue;
    const fed = await feedChain(store, { manifest, view });
    if (fed === null) continue;
    if (fed.rebuiltBy !== null)
      logger.warn(
        { view: viewRef(view), runId: fed.rebuiltBy },
        'A view fell behind the feed of changes; all of its rows are computed again',
      );
    if (fed.keys > 0) {
      logger.debug(
        { view: viewRef(view), keys: fed.keys },
        'Landed rows became chunks of a view that reads them',
      );
      onFed();
    }
    more ||= fed.more;
  }
  return more;
}
