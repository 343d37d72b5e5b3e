import { connect, type Socket } from 'node:net';

export interface LoadOptions {
  readonly url: string;
  readonly path: string;
  /** Requests, sent in turn. */
  readonly bodies: readonly string[];
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly connections: number;
  /** The load ends with the first of these two. */
  readonly durationMs: number;
  /** @default any number */
  readonly requests?: number;
  /** Pause between an answer and the next request. @default 0 */
  readonly pauseMs?: number;
}

export interface LoadResult {
  readonly answered: number;
  /** Answers other than 200: on a busy machine, requests may miss their deadlines. */
  readonly refused: number;
  readonly durationMs: number;
  /** Milliseconds, one per answer. */
  readonly latencies: readonly number[];
}

/**
 * Keeps `connections` requests in flight over raw sockets. Requests are prebuilt bytes and answers are only
 * delimited by their content-length, so that the generator uses a fraction of a server's CPU.
 */
export async function load(options: LoadOptions): Promise<LoadResult> {
  const { hostname, port } = new URL(options.url);
  const lines = Object.entries(options.headers ?? {}).map(([name, value]) => `${name}: ${value}\r\n`);
  const requests = options.bodies.map((body) =>
    Buffer.from(
      `POST ${options.path} HTTP/1.1\r\nhost: ${hostname}\r\n${lines.join('')}content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    ),
  );
  const latencies: number[] = [];
  const refusals: string[] = [];
  const startedAt = performance.now();
  const endsAt = startedAt + options.durationMs;
  let next = 0;
  const more = () => performance.now() < endsAt && next < (options.requests ?? Infinity);
  const take = () => requests[next++ % requests.length] as Buffer;
  await Promise.all(
    Array.from({ length: options.connections }, () => {
      const socket = connect({ host: hostname, port: Number(port), noDelay: true });
      return repeat(socket, { take, latencies, refusals, more, pauseMs: options.pauseMs ?? 0 }).finally(() =>
        socket.destroy(),
      );
    }),
  );
  if (refusals.length > latencies.length / 50)
    throw new Error(`Too many refusals, the first: ${refusals[0]}`);
  const durationMs = performance.now() - startedAt;
  return { answered: latencies.length, refused: refusals.length, durationMs, latencies };
}

interface Repeated {
  readonly take: () => Buffer;
  readonly latencies: number[];
  readonly refusals: string[];
  readonly more: () => boolean;
  readonly pauseMs: number;
}

function repeat(socket: Socket, { take, latencies, refusals, more, pauseMs }: Repeated): Promise<void> {
  return new Promise((resolve, reject) => {
    let sentAt = 0;
    let missing = 0;
    let refused = false;
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
        if (length === undefined) {
          reject(new Error(`No answer with a length: ${data.toString()}`));
          return;
        }
        refused = !text.startsWith('HTTP/1.1 200');
        if (refused) refusals.push(data.toString());
        missing = head + 4 + Number(length);
      }
      missing -= data.length;
      if (missing > 0) return;
      const now = performance.now();
      if (!refused) latencies.push(now - sentAt);
      if (!more()) resolve();
      else if (pauseMs > 0) setTimeout(send, pauseMs);
      else send();
    });
  });
}
