import { LarderError, isLarderError } from '@larder/core';

export interface FetchPictureOptions {
  /** `host` (every port of it) or `host:port`. */
  readonly allowedHosts: readonly string[];
  readonly timeoutMs: number;
  readonly maxBytes: number;
  /** Ends the whole computation; its reason is thrown as it is. */
  readonly signal: AbortSignal;
}

/**
 * The bytes behind an http(s) address of an allowed host. Redirects are refused.
 * @throws PICTURE_URL_INVALID, PICTURE_HOST_NOT_ALLOWED, PICTURE_NOT_FOUND, PICTURE_REFUSED, PICTURE_REDIRECTED,
 *   PICTURE_UNAVAILABLE, PICTURE_TIMEOUT, PICTURE_TOO_LARGE
 */
export async function fetchPicture(address: string, options: FetchPictureOptions): Promise<Buffer> {
  const { allowedHosts, timeoutMs, signal } = options;
  const url = pictureUrl(address, allowedHosts);
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { accept: 'image/*' },
      signal: AbortSignal.any([signal, timeout]),
    });
    const refusal = refusalOf(response, url);
    if (refusal !== null) {
      await response.body?.cancel();
      throw refusal;
    }
    return await readBody(response, url, options.maxBytes);
  } catch (error) {
    if (isLarderError(error)) throw error;
    signal.throwIfAborted();
    if (timeout.aborted) {
      throw new LarderError(
        'PICTURE_TIMEOUT',
        `${shown(url)} did not arrive within ${timeoutMs} ms; try again later.`,
        { cause: error },
      );
    }
    throw new LarderError(
      'PICTURE_UNAVAILABLE',
      `${url.host} cannot be reached (${reasonOf(error)}); try again later.`,
      {
        cause: error,
      },
    );
  }
}

function pictureUrl(address: string, allowedHosts: readonly string[]): URL {
  const url = URL.parse(address);
  if (
    url === null ||
    (url.protocol !== 'http:' && url.protocol !== 'https:') ||
    url.username ||
    url.password
  ) {
    throw new LarderError(
      'PICTURE_URL_INVALID',
      'The address of the picture is no http or https address without a user name; mend it in the source.',
    );
  }
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  if (!allowedHosts.includes(url.hostname) && !allowedHosts.includes(`${url.hostname}:${port}`)) {
    throw new LarderError(
      'PICTURE_HOST_NOT_ALLOWED',
      `${url.host} is not among the project's allowedHosts; add it there, or mend the address in the source.`,
    );
  }
  return url;
}

/** Null when the answer is a picture, or at least 200. */
function refusalOf({ status, headers }: Response, url: URL): LarderError | null {
  if (status === 200) return null;
  if (status === 404 || status === 410) {
    return new LarderError(
      'PICTURE_NOT_FOUND',
      `${shown(url)} answers ${status}: there is no picture at this address.`,
    );
  }
  if (status >= 300 && status < 400) {
    const target = URL.parse(headers.get('location') ?? '', url.href);
    const where = target === null ? 'elsewhere' : `to ${shown(target)}`;
    return new LarderError(
      'PICTURE_REDIRECTED',
      `${shown(url)} leads ${where}; redirects are not followed, put the final address into the source.`,
    );
  }
  if (status === 429 || status >= 500) {
    return new LarderError('PICTURE_UNAVAILABLE', `${shown(url)} answers ${status}; try again later.`);
  }
  return new LarderError('PICTURE_REFUSED', `${shown(url)} answers ${status} instead of the picture.`);
}

async function readBody(response: Response, url: URL, maxBytes: number): Promise<Buffer> {
  const tooLarge = (): LarderError =>
    new LarderError(
      'PICTURE_TOO_LARGE',
      `${shown(url)} has more than ${maxBytes} bytes; serve a smaller picture or raise maxBytes.`,
    );
  if (Number(response.headers.get('content-length')) > maxBytes) {
    await response.body?.cancel();
    throw tooLarge();
  }
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  // Leaving the loop by an error cancels the stream, and with it the connection.
  for await (const chunk of response.body ?? []) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > maxBytes) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, sizeBytes);
}

/** Without the query, which may hold a signature. */
function shown(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

/** undici hides what happened in the cause: ECONNREFUSED, ENOTFOUND, UND_ERR_SOCKET. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  if (typeof cause === 'object' && cause !== null && 'code' in cause) return String(cause.code);
  return cause instanceof Error ? cause.message : String(cause);
}
