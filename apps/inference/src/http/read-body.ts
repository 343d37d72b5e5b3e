/* On the way of every prediction: what it adds to node:http is measured in microseconds; keep it so. */
import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { LarderError } from '@larder/core';
import { createBodyPages, type BodyPages } from './body-pages.ts';
import type { BodyRoom } from './body-room.ts';
import { overloaded, UNCOUNTED_BYTES } from './byte-budget.ts';

const JSON_MEDIA_TYPE = /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i;
const CHARSET = /;\s*charset\s*=\s*"?([^\s;"]*)/i;

export interface BodyLimits {
  readonly limitBytes: number;
  /** Holds what is large of the body until whoever asked for it releases the request. */
  readonly bodies: BodyRoom;
}

/** The request's body as text. @throws MEDIA_TYPE_UNSUPPORTED, REQUEST_TOO_LARGE, REQUEST_MALFORMED, REQUEST_TIMED_OUT, OVERLOADED */
export function readBody(request: IncomingMessage, { limitBytes, bodies }: BodyLimits): Promise<string> {
  const {
    'content-type': mediaType,
    'content-encoding': encoding,
    'content-length': length,
  } = request.headers;
  if (mediaType !== 'application/json') {
    const problem = mediaTypeProblem(mediaType);
    if (problem !== undefined) return refuse(request, new LarderError('MEDIA_TYPE_UNSUPPORTED', problem));
  }
  if (encoding !== undefined && encoding !== 'identity') {
    return refuse(
      request,
      new LarderError('MEDIA_TYPE_UNSUPPORTED', 'Send the body without a content-encoding.'),
    );
  }
  if (Number(length) > limitBytes) return refuse(request, tooLarge(limitBytes));
  return new Promise((resolve, reject) => {
    let first: Buffer | undefined;
    let pages: BodyPages | undefined;
    let sizeBytes = 0;
    let heldBytes = 0;
    const drop = (error: LarderError): void => {
      pages?.free();
      first = pages = undefined;
      bodies.release(request);
      request.removeAllListeners('data');
      request.resume();
      reject(error);
    };
    const cut = (): void =>
      drop(
        new LarderError(
          'REQUEST_TIMED_OUT',
          'The body took too long to arrive while others needed its room; send it again.',
        ),
      );
    const keep = (part: Buffer): void => {
      pages ??= createBodyPages(Math.min(Number(length ?? limitBytes), limitBytes));
      if (first !== undefined) pages.append(first);
      first = undefined;
      pages.append(part);
    };
    request.on('data', (part: Buffer) => {
      sizeBytes += part.length;
      if (sizeBytes > limitBytes) drop(tooLarge(limitBytes));
      else if (sizeBytes === part.length && sizeBytes <= UNCOUNTED_BYTES) first = part;
      else {
        const moreBytes = sizeBytes > UNCOUNTED_BYTES ? sizeBytes - heldBytes : 0;
        if (moreBytes > 0 && !bodies.hold(request, moreBytes, cut)) return drop(tooMany());
        heldBytes += moreBytes;
        try {
          keep(part);
        } catch {
          drop(tooMany());
        }
      }
    });
    request.on('end', () => {
      if (heldBytes > 0) bodies.arrived(request);
      const bytes = pages?.bytes() ?? first;
      if (bytes === undefined) resolve('');
      // decoding would put U+FFFD into a key or a feature, and the answer would be about something else
      else if (isUtf8(bytes)) resolve(bytes.toString('utf8'));
      else reject(new LarderError('REQUEST_MALFORMED', 'The body is not valid UTF-8.'));
      pages?.free();
    });
    request.on('error', () =>
      drop(new LarderError('REQUEST_MALFORMED', 'The body ended before it was complete.')),
    );
  });
}

/** JSON of a body. @throws REQUEST_MALFORMED */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new LarderError(
      'REQUEST_MALFORMED',
      text === '' ? 'The body is empty; send JSON.' : 'The body is not valid JSON.',
    );
  }
}

function mediaTypeProblem(mediaType: string | undefined): string | undefined {
  if (mediaType === undefined || !JSON_MEDIA_TYPE.test(mediaType))
    return "Send the body as 'content-type: application/json'.";
  const charset = CHARSET.exec(mediaType)?.[1];
  if (charset !== undefined && !/^utf-?8$/i.test(charset))
    return 'Send the body in UTF-8; JSON has no other encoding.';
  return undefined;
}

/** What is left of the body is read and dropped, so that the connection can be used again. */
function refuse(request: IncomingMessage, error: LarderError): Promise<never> {
  request.resume();
  return Promise.reject(error);
}

function tooLarge(limitBytes: number): LarderError {
  return new LarderError(
    'REQUEST_TOO_LARGE',
    `The body may have at most ${limitBytes} bytes; send fewer rows at a time.`,
  );
}

function tooMany(): LarderError {
  return overloaded('The process holds as many large bodies as it may; send this one again.');
}
