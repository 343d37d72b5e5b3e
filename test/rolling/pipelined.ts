import { once } from 'node:events';
import { connect } from 'node:net';

/**
 * Sends several POST requests in one write on a connection of their own, and waits for as many answers.
 * @throws Error when one is missing or is not 200
 */
export async function callPipelined(
  url: string,
  path: string,
  bodies: readonly unknown[],
): Promise<unknown[]> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  const requests = bodies.map((body, at) => {
    const text = JSON.stringify(body);
    const last = at === bodies.length - 1 ? 'connection: close\r\n' : '';
    return `POST ${path} HTTP/1.1\r\nhost: ${hostname}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(text)}\r\n${last}\r\n${text}`;
  });
  let received = '';
  socket.on('data', (data: Buffer) => (received += data.toString()));
  socket.write(requests.join(''));
  await once(socket, 'close');
  const answers = received.split(/(?=HTTP\/1\.1 \d)/).map((answer) => answer.split('\r\n\r\n'));
  if (answers.length !== bodies.length || answers.some(([head = '']) => !head.startsWith('HTTP/1.1 200')))
    throw new Error(`${bodies.length} pipelined requests got: ${received}`);
  return answers.map(([, body = '']) => JSON.parse(body) as unknown);
}
