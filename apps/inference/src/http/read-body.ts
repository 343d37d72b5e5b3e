/* Hot path of every prediction: it adds only microseconds to node:http; keep it that way. */
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
  /** Holds large bodies until the caller of `readBody` releases the request. */
  readonly bodies: BodyRoom;
}

/** Reads the request's body as text. @throws MEDIA_TYPE_UNSUPPORTED, REQUEST_TOO_LARGE, REQUEST_MALFORMED, REQUEST_TIMED_OUT, OVERLOADED */
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
          'The body took too long to arrive while other requests needed its memory; send it again.',
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
      // Decoding would put U+FFFD into a key or a feature, and the answer would be for something else.
      else if (isUtf8(bytes)) resolve(bytes.toString('utf8'));
      else reject(new LarderError('REQUEST_MALFORMED', 'The body is not valid UTF-8.'));
      pages?.free();
    });
    request.on('error', () =>
      drop(new LarderError('REQUEST_MALFORMED', 'The body ended before it was complete.')),
    );
  });
}

/** Parses the JSON of a body. @throws REQUEST_MALFORMED */
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

/** Reads and drops the rest of the body, so that the connection can be reused. */
function refuse(request: IncomingMessage, error: LarderError): Promise<never> {
  request.resume();
  return Promise.reject(error);
}

function tooLarge(limitBytes: number): LarderError {
  return new LarderError(
    'REQUEST_TOO_LARGE',
    `The body must not exceed ${limitBytes} bytes; send fewer rows at a time.`,
  );
}

function tooMany(): LarderError {
  return overloaded('The process holds too many large bodies; send this one again.');
}
