import { startLoop, type Logger, type Loop } from '@larder/core';
import type { WebhookAddress } from '@larder/core/config';
import type { Manifest } from '@larder/features';
import type { OfflineStore } from '@larder/offline-store';
import { createPoster } from '@larder/outbound';
import { reconcileIncidents } from '../incidents/reconcile-incidents.ts';
import type { RedisFacts } from '../status/redis-facts.ts';
import { sendNextNotice, type SendOptions } from './send-notices.ts';

export interface IncidentsOptions extends RedisFacts, Pick<SendOptions, 'timeoutMs' | 'pausesMs'> {
  readonly store: OfflineStore;
  /** What is applied now; null: nothing yet. */
  readonly applied: () => Manifest | null;
  /** Null: nobody is told. */
  readonly webhook: WebhookAddress | null;
  readonly logger: Logger;
  /** @default 10000 */
  readonly intervalMs?: number;
}

/** A loop that is stuck in a slow receiver still finds incidents. */
const SENT_PER_TURN = 20;

/**
 * Finds incidents and tells the webhook, for the lifetime of the process. Any number of processes may run it: one at a
 * time looks, and each notice is sent by one.
 */
export function startIncidents(options: IncidentsOptions): Pick<Loop, 'stop'> {
  const { store, applied, webhook, logger, intervalMs = 10_000 } = options;
  const stopping = new AbortController();
  const looking = startLoop({
    name: 'Looking for incidents',
    intervalMs,
    logger,
    async turn() {
      const manifest = applied();
      if (manifest === null) return;
      const found = await reconcileIncidents(store, manifest, options);
      if (found !== null && found.opened + found.resolved > 0) logger.info(found, 'Incidents changed');
    },
  });
  const poster = webhook === null ? null : createPoster(webhook);
  const sending =
    webhook === null || poster === null
      ? null
      : startLoop({
          name: 'Sending notices to the webhook',
          intervalMs: Math.min(intervalMs, 2_000),
          logger,
          async turn() {
            const project = applied()?.project;
            if (project === undefined) return;
            for (let sent = 0; sent < SENT_PER_TURN && !stopping.signal.aborted; sent++)
              if (
                !(await sendNextNotice({
                  ...options,
                  project,
                  poster,
                  secret: webhook.secret,
                  signal: stopping.signal,
                }))
              )
                return;
          },
        });
  return {
    async stop() {
      stopping.abort();
      poster?.close();
      await Promise.all([looking.stop(), sending?.stop()]);
    },
  };
}
