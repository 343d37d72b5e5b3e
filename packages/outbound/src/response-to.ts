import type { ClientRequest, IncomingMessage } from 'node:http';
import { OutboundError } from './outbound-error.ts';
import { shown } from './outbound-url.ts';

/** A host that does not answer at all is given up on before `timeoutMs`. */
const CONNECT_TIMEOUT_MS = 5_000;

/** The answer to a request; a failure after it has started is reported by it. */
export function responseTo(request: ClientRequest, url: URL): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    // A failure after the response has started is reported by the response; here it changes nothing.
    request.once('response', resolve).on('error', reject);
    request.once('upgrade', (_, socket) => {
      socket.destroy();
      reject(new OutboundError('answer_invalid', `${shown(url)} answers in a protocol other than HTTP`));
    });
    request.once('close', () => reject(new Error('closed without an answer')));
  });
}

/** Ends a request whose host does not take the connection. */
export function giveUpConnecting(request: ClientRequest, url: URL): void {
  const timer = setTimeout(
    () => request.destroy(timedOut(url, CONNECT_TIMEOUT_MS, undefined)),
    CONNECT_TIMEOUT_MS,
  );
  const clear = (): void => clearTimeout(timer);
  request.once('close', clear).once('socket', (socket) => {
    if (socket.connecting) socket.once('connect', clear);
    else clear();
  });
}

/** Everything together took too long. */
export function timedOut(url: URL, timeoutMs: number, cause: unknown): OutboundError {
  return new OutboundError('timed_out', `${shown(url)} did not arrive within ${timeoutMs} ms`, { cause });
}

/** Node's HTTP parser reports HPE_… for a bad response; every other code means that the host cannot be reached. */
export function unreachable(url: URL, cause: unknown): OutboundError {
  const code = codeOf(cause);
  if (!code.startsWith('HPE_'))
    return new OutboundError('unreachable', `${url.host} cannot be reached (${code})`, { cause });
  return new OutboundError(
    'answer_invalid',
    `${url.host} answers with broken HTTP or too large headers (${code})`,
    { cause },
  );
}

export function codeOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'code' in error) return String(error.code);
  return error instanceof Error ? error.message : String(error);
}
