import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** Open connections to a service. */
export interface Attack {
  readonly sockets: readonly Socket[];
  end(): void;
}

export interface AttackOptions {
  readonly connections: number;
  readonly path: string;
  readonly body: object;
  /** Requests per connection. @default 1 */
  readonly requests?: number;
}

const MIB = 2 ** 20;

/** Bodies of 8 MiB without their last byte. */
export function stalledBodies(url: string, connections: number): Promise<Attack> {
  const head = headOf(url, 'POST /v1/models/ad_ctr/predict', 8 * MIB);
  return flood(url, connections, [head, Buffer.alloc(8 * MIB - 1, ' ')]);
}

/** Requests, many on a connection, whose answers nobody reads. */
export function unreadAnswers(url: string, options: AttackOptions): Promise<Attack> {
  const { connections, path, body, requests = 1 } = options;
  const text = Buffer.from(JSON.stringify(body));
  const one = Buffer.concat([headOf(url, `POST ${path}`, text.length), text]);
  return flood(url, connections, [Buffer.concat(Array.from({ length: requests }, () => one))]);
}

/** Event streams of a run that nobody reads. */
export function unreadStreams(url: string, connections: number, runId: string): Promise<Attack> {
  return flood(url, connections, [headOf(url, `GET /v1/runs/${runId}/events`, 0)]);
}

function headOf(url: string, target: string, length: number): Buffer {
  const lines = [`host: ${new URL(url).host}`, 'content-type: application/json', `content-length: ${length}`];
  return Buffer.from(`${target} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
}

/** Writes the same to every connection and reads nothing. */
async function flood(url: string, connections: number, sent: readonly Buffer[]): Promise<Attack> {
  const { hostname, port } = new URL(url);
  const sockets: Socket[] = [];
  for (let at = 0; at < connections; at++) {
    const socket = connect({ host: hostname, port: Number(port) });
    // The service may cut connections.
    socket.on('error', () => {});
    socket.pause();
    sockets.push(socket);
    await once(socket, 'connect').catch(() => {});
    for (const bytes of sent) socket.write(bytes);
  }
  return {
    sockets,
    end() {
      for (const socket of sockets) socket.destroy();
    },
  };
}
