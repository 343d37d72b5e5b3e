import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@larder/core';
import pg from 'pg';
import { socketOf } from '../connection/silence-guard.ts';
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
/** How often the connection is tried: nothing is heard of one whose server hangs or whose network is gone. */
const PROBE_MS = 5_000;
/** Without a byte for so long, it is closed. */
const SILENCE_MS = 2 * PROBE_MS;
const FAREWELL_MS = 500;

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
    let probes: NodeJS.Timeout | undefined;
    try {
      await connection.connect();
      const socket = socketOf(connection);
      socket.setTimeout(SILENCE_MS, () => socket.destroy(new Error('The connection is silent.')));
      await connection.query(`listen larder_changes; listen ${URGENT_CHANNEL}`);
      probes = setInterval(() => void connection.query('select 1').catch(() => {}), PROBE_MS);
      onChanges();
      onUrgent();
      await ended;
    } finally {
      clearInterval(probes);
      await end(connection);
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
      if (client !== null) await end(client);
      await listening;
    },
  };
}

/** `end` waits for the server's own, which a silent one never sends. */
async function end(client: pg.Client): Promise<void> {
  const left = client.end().catch(() => {});
  await Promise.race([left, sleep(FAREWELL_MS, undefined, { ref: false })]);
  socketOf(client).destroy();
}
