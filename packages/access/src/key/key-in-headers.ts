/* Runs for every request. */

/** Headers of a request as Node gives them, of those that may hold a key. */
type KeyHeaders = Readonly<Record<string, string | readonly string[] | undefined>> & {
  readonly authorization?: string | undefined;
};

const BEARER = /^bearer +(\S+)$/i;

/** The text that a caller sent as its key; undefined: none. `Authorization` may belong to a proxy in front. */
export function keyInHeaders(headers: KeyHeaders): string | undefined {
  const { authorization, 'x-api-key': other } = headers;
  if (authorization !== undefined) {
    const bearer = BEARER.exec(authorization)?.[1];
    if (bearer !== undefined) return bearer;
  }
  return typeof other === 'string' ? other : undefined;
}
