import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@larder/core';
import pg from 'pg';
import type { OfflineStore } from '../offline-store.ts';

export interface ListenOptions {
  readonly store: Pick<OfflineStore, 'pool'>;
  readonly project: string;
  /** Called soon after changes of the project got their positions, and after each new connection. */
  readonly onChanges: () => void;
  /** Called soon after urgent work of the project was committed, and after each new connection. */
  readonly onUrgent: () => void;
  readonly logger: Logger;
}

export interface ChangesListener {
  close(): Promise<void>;
}

/** Payload: the project. */
export const URGENT_CHANNEL = 'larder_urgent';

const RECONNECT_MS = 2_000;

/**
 * Listens on a connection of its own. Notifications may be lost with the connection, and do not pass a transaction pooler,
 * so that consumers also look now and then.
 */
export function listenForChanges({
  store,
  project,
  onChanges,
  onUrgent,
  logger,
}: ListenOptions): ChangesListener {
  const closing = new AbortController();
  let client: pg.Client | null = null;

  async function listen(): Promise<void> {
    const { connectionString, connectionTimeoutMillis } = store.pool.options;
    const connection = new pg.Client({
      connectionString,
      connectionTimeoutMillis,
      keepAlive: true,
      application_name: 'larder',
    });
    client = connection;
    const ended = new Promise<void>((resolve) => {
      connection.on('error', () => resolve());
      connection.on('end', () => resolve());
    });
    connection.on('notification', ({ channel, payload }) => {
      if (payload === project) (channel === URGENT_CHANNEL ? onUrgent : onChanges)();
    });
    try {
      await connection.connect();
      await connection.query(`listen larder_changes; listen ${URGENT_CHANNEL}`);
      onChanges();
      onUrgent();
      await ended;
    } finally {
      await connection.end().catch(() => {});
    }
  }

  const listening = (async () => {
    while (!closing.signal.aborted) {
      await listen().catch((error: unknown) => {
        const { message } = error as Error;
        logger.debug({ err: { message } }, 'Listening for changes failed');
      });
      await sleep(RECONNECT_MS, undefined, { signal: closing.signal }).catch(() => {});
    }
  })();
  return {
    async close() {
      closing.abort();
      await client?.end().catch(() => {});
      await listening;
    },
  };
}
