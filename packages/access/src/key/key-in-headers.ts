/* Runs for every request. */
import type { IncomingHttpHeaders } from 'node:http';

const BEARER = /^bearer +(\S+)$/i;

/** The text that a caller sent as its key; undefined: none. `Authorization` may belong to a proxy in front. */
export function keyInHeaders(headers: IncomingHttpHeaders): string | undefined {
  const { authorization, 'x-api-key': other } = headers;
  if (authorization !== undefined) {
    const bearer = BEARER.exec(authorization)?.[1];
    if (bearer !== undefined) return bearer;
  }
  return typeof other === 'string' ? other : undefined;
}
