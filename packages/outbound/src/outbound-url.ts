import type { IncomingMessage } from 'node:http';
import { OutboundError } from './outbound-error.ts';

const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const SHOWN_CHARACTERS = 200;

/**
 * The only place that parses addresses: the check and the connection use parts of the same URL.
 * @throws OutboundError url_invalid
 */
export function outboundUrl(address: string): URL {
  const url = URL.parse(address);
  if (url !== null && isUsable(url)) return url;
  throw new OutboundError('url_invalid', 'the address is not an http or https address without a user name');
}

/**
 * Target of a redirect; null when the response is not one.
 * @throws OutboundError redirect_refused: without a target, or from https to http; redirect_invalid: to `file:`,
 *   `data:` and the like
 */
export function redirectTarget({ statusCode, headers }: IncomingMessage, url: URL): URL | null {
  if (!REDIRECTS.has(statusCode ?? 0)) return null;
  const target = URL.parse(headers.location ?? '', url.href);
  if (target === null || headers.location === undefined)
    throw new OutboundError('redirect_refused', `${shown(url)} redirects without saying where`);
  if (!isUsable(target)) {
    throw new OutboundError(
      'redirect_invalid',
      `${shown(url)} redirects to something other than an http or https address without a user name`,
    );
  }
  if (url.protocol === 'https:' && target.protocol === 'http:')
    throw new OutboundError('redirect_refused', `${shown(url)} redirects from https to ${shown(target)}`);
  return target;
}

/** The address without its query, which may hold a signature. */
export function shown(url: URL): string {
  const text = `${url.origin}${url.pathname}`;
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
}

function isUsable({ protocol, username, password }: URL): boolean {
  return (protocol === 'http:' || protocol === 'https:') && username === '' && password === '';
}
