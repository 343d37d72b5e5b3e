import type { IncomingMessage } from 'node:http';
import { OutboundError } from './outbound-error.ts';
import { shown } from './outbound-url.ts';

/**
 * Reads the whole body of a plain 200. An error closes the connection.
 * @throws OutboundError not_found, busy, refused, encoded, too_large
 */
export async function readBody(response: IncomingMessage, url: URL, maxBytes: number): Promise<Buffer> {
  const { socket } = response;
  try {
    checkAnswer(response, url);
    if (Number(response.headers['content-length']) > maxBytes) throw tooLarge(url, maxBytes);
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    for await (const chunk of response as AsyncIterable<Buffer>) {
      sizeBytes += chunk.length;
      if (sizeBytes > maxBytes) throw tooLarge(url, maxBytes);
      chunks.push(chunk);
    }
    if (endsWithConnection(response) && !socket.readableEnded) throw new Error('cut off');
    return Buffer.concat(chunks, sizeBytes);
  } catch (error) {
    response.destroy();
    throw error;
  }
}

/** Node takes a connection that was reset, or that this process closed, for the end of such a body. */
function endsWithConnection({ headers }: IncomingMessage): boolean {
  return headers['content-length'] === undefined && !/chunked$/i.test(headers['transfer-encoding'] ?? '');
}

function checkAnswer({ statusCode: status = 0, headers }: IncomingMessage, url: URL): void {
  const answers = `${shown(url)} answers ${status}`;
  if (status === 404 || status === 410) throw new OutboundError('not_found', answers);
  if (status === 429 || status >= 500) throw new OutboundError('busy', answers);
  if (status !== 200) throw new OutboundError('refused', answers);
  if ((headers['content-encoding'] ?? 'identity') !== 'identity')
    throw new OutboundError('encoded', `${shown(url)} is compressed, though that was not requested`);
}

function tooLarge(url: URL, maxBytes: number): OutboundError {
  return new OutboundError('too_large', `${shown(url)} has more than ${maxBytes} bytes`);
}
