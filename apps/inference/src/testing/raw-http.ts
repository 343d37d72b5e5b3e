import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface RawAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

export function openSocket(url: string): Socket {
  const { hostname, port } = new URL(url);
  return connect({ host: hostname, port: Number(port) });
}

/** Reads everything until the other side closes. */
export async function answerOn(socket: Socket): Promise<RawAnswer> {
  let text = '';
  socket.on('data', (data: Buffer) => (text += data.toString()));
  await once(socket, 'close');
  const [head = '', ...body] = text.split('\r\n\r\n');
  const [first = '', ...lines] = head.split('\r\n');
  const pairs = lines.map((line): [string, string] => [
    line.slice(0, line.indexOf(':')),
    line.slice(line.indexOf(':') + 1).trim(),
  ]);
  return { status: Number(first.split(' ')[1]), headers: new Headers(pairs), body: body.join('\r\n\r\n') };
}

/** Sends one request as raw bytes, where `fetch` would correct it; headers as given, then the connection ends. */
export function sendRaw(
  url: string,
  request: { line: string; headers?: readonly string[]; body?: string },
): Promise<RawAnswer> {
  const { line, headers = ['host: localhost'], body = '' } = request;
  const socket = openSocket(url);
  const length = body === '' ? [] : [`content-length: ${Buffer.byteLength(body)}`];
  socket.write(`${[line, ...headers, ...length, 'connection: close'].join('\r\n')}\r\n\r\n${body}`);
  return answerOn(socket);
}

/** `421 HOST_NOT_ALLOWED` for a problem, `200` for anything else. */
export function codeOf({ status, body }: RawAnswer): string {
  const code = /"code":"([A-Z_]+)"/.exec(body)?.[1];
  return code === undefined ? String(status) : `${status} ${code}`;
}
