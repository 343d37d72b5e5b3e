import type { IncomingMessage } from 'node:http';
import { LarderError } from '@larder/core';

const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const SHOWN_CHARACTERS = 200;

/**
 * The one place that reads addresses: what is checked and what is connected to are parts of the same URL.
 * @throws PICTURE_URL_INVALID
 */
export function pictureUrl(address: string): URL {
  const url = URL.parse(address);
  if (url !== null && isUsable(url)) return url;
  throw new LarderError(
    'PICTURE_URL_INVALID',
    'The address of the picture is no http or https address without a user name; mend it in the source.',
  );
}

/**
 * Where an answer leads; null when it leads nowhere.
 * @throws PICTURE_REDIRECTED to no address, or from https to http; PICTURE_URL_INVALID to `file:`, `data:` and the like
 */
export function redirectTarget({ statusCode, headers }: IncomingMessage, url: URL): URL | null {
  if (!REDIRECTS.has(statusCode ?? 0)) return null;
  const target = URL.parse(headers.location ?? '', url.href);
  if (target === null || headers.location === undefined) {
    throw new LarderError(
      'PICTURE_REDIRECTED',
      `${shown(url)} leads elsewhere without saying where; put the final address into the source.`,
    );
  }
  if (!isUsable(target)) {
    throw new LarderError(
      'PICTURE_URL_INVALID',
      `${shown(url)} leads to an address that is no http or https address without a user name; put the final address ` +
        'into the source.',
    );
  }
  if (url.protocol === 'https:' && target.protocol === 'http:') {
    throw new LarderError(
      'PICTURE_REDIRECTED',
      `${shown(url)} leads from https to ${shown(target)}; put the final address into the source.`,
    );
  }
  return target;
}

/** Without the query, which may hold a signature. */
export function shown(url: URL): string {
  const text = `${url.origin}${url.pathname}`;
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
}

function isUsable({ protocol, username, password }: URL): boolean {
  return (protocol === 'http:' || protocol === 'https:') && username === '' && password === '';
}
