import { connect, type Socket } from 'node:net';

export interface LoadOptions {
  readonly url: string;
  readonly path: string;
  /** Sent in turn. */
  readonly bodies: readonly string[];
  readonly connections: number;
  readonly durationMs: number;
}

export interface LoadResult {
  readonly answered: number;
  readonly durationMs: number;
  /** Milliseconds, one per answer. */
  readonly latencies: readonly number[];
}

/**
 * Keeps `connections` requests in flight over raw sockets. The requests are bytes made beforehand and answers are only
 * measured off by their content-length, so that the generator takes a fraction of what a server takes.
 */
export async function load(options: LoadOptions): Promise<LoadResult> {
  const { hostname, port } = new URL(options.url);
  const requests = options.bodies.map((body) =>
    Buffer.from(
      `POST ${options.path} HTTP/1.1\r\nhost: ${hostname}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    ),
  );
  const latencies: number[] = [];
  const startedAt = performance.now();
  const endsAt = startedAt + options.durationMs;
  let next = 0;
  const take = () => requests[next++ % requests.length] as Buffer;
  await Promise.all(
    Array.from({ length: options.connections }, () => {
      const socket = connect({ host: hostname, port: Number(port), noDelay: true });
      return repeat(socket, { take, latencies, endsAt }).finally(() => socket.destroy());
    }),
  );
  return { answered: latencies.length, durationMs: performance.now() - startedAt, latencies };
}

interface Repeated {
  readonly take: () => Buffer;
  readonly latencies: number[];
  readonly endsAt: number;
}

function repeat(socket: Socket, { take, latencies, endsAt }: Repeated): Promise<void> {
  return new Promise((resolve, reject) => {
    let sentAt = 0;
    let missing = 0;
    const send = () => {
      sentAt = performance.now();
      missing = -1;
      socket.write(take());
    };
    socket.once('connect', send);
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('The server closed the connection.')));
    socket.on('data', (data: Buffer) => {
      if (missing < 0) {
        const head = data.indexOf('\r\n\r\n');
        const text = data.toString('latin1', 0, head);
        const length = /content-length: (\d+)/i.exec(text)?.[1];
        if (!text.startsWith('HTTP/1.1 200') || length === undefined) {
          reject(new Error(`Not answered: ${data.toString()}`));
          return;
        }
        missing = head + 4 + Number(length);
      }
      missing -= data.length;
      if (missing > 0) return;
      const now = performance.now();
      latencies.push(now - sentAt);
      if (now < endsAt) send();
      else resolve();
    });
  });
}
