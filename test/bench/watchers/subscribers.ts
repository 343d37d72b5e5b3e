import { connect, type Socket } from 'node:net';
import { setPriority } from 'node:os';
import { createLogger } from '@larder/core';
import { createOfflineStore } from '@larder/offline-store';

/** Input from the benchmark: arguments of the process, in JSON. */
export interface SubscribersOptions {
  readonly serverUrl: string;
  readonly databaseUrl: string;
  readonly runIds: readonly string[];
  readonly subscribers: number;
}

/** Requests, one at a time; the answer is the number of bytes read since the last one. */
export type Question = 'open' | 'close';

const CHANGE_INTERVAL_MS = 250;

/** Subscribers in a separate process, and a writer in place of the workers: every run changes all the time. */
const options = JSON.parse(process.argv[2] ?? '') as SubscribersOptions;
// The load generator shares this core, and its delays would count as the server's.
setPriority(19);
let sockets: Socket[] = [];
let bytesRead = 0;

const store = createOfflineStore({
  databaseUrl: options.databaseUrl,
  maxConnections: 1,
  logger: createLogger('bench', { level: 'silent' }),
});
setInterval(() => {
  store.pool
    .query(`update larder.chunks set rows_done = rows_done + 1 where ordinal = floor(random() * 20)`)
    .catch(() => {});
}, CHANGE_INTERVAL_MS);

function subscribe(at: number): Promise<void> {
  const { hostname, port } = new URL(options.serverUrl);
  const runId = options.runIds[at % options.runIds.length];
  const socket = connect({ host: hostname, port: Number(port) });
  sockets.push(socket);
  socket.write(`GET /v1/runs/${runId}/events HTTP/1.1\r\nhost: ${hostname}\r\n\r\n`);
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('data', (data) => {
      bytesRead += data.length;
      if (data.includes('event: progress')) resolve();
      else if (data.includes('HTTP/1.1 ') && !data.includes('HTTP/1.1 200'))
        reject(new Error(data.toString()));
    });
  });
}

async function open(): Promise<void> {
  const all = Array.from({ length: options.subscribers }, (_, at) => at);
  for (let at = 0; at < all.length; at += 50) await Promise.all(all.slice(at, at + 50).map(subscribe));
}

process.on('message', (question: Question) => {
  if (question === 'close') {
    for (const socket of sockets) socket.destroy();
    sockets = [];
  }
  void (question === 'open' ? open() : Promise.resolve()).then(() => {
    process.send?.(bytesRead);
    bytesRead = 0;
  });
});
// the parent is gone
process.on('disconnect', () => process.exit());
