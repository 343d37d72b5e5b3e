import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';

/** What a host said of the bytes it sent, to ask it later whether they are still the same (RFC 9110, section 8.8). */
export interface Validators {
  readonly etag: string | null;
  readonly lastModified: string | null;
}

/** Longer ones are not remembered: a host would choose how much of our memory it takes. */
const MAX_ETAG_CHARACTERS = 256;
const ETAG = /^(?:W\/)?"[\x21\x23-\x7e]*"$/;
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;
/** A file that changed twice within a second has one date for both; RFC 9110, section 8.8.2.2, asks for a distance. */
const SETTLED_MS = 60_000;

/** Validators of an answer; null when it has none that can be trusted, or asks not to be stored. */
export function validatorsOf({ headers }: IncomingMessage): Validators | null {
  if (/\bno-store\b/i.test(headers['cache-control'] ?? '')) return null;
  const etag = headers.etag ?? '';
  const lastModified = headers['last-modified'] ?? '';
  const found: Validators = {
    etag: etag.length <= MAX_ETAG_CHARACTERS && ETAG.test(etag) ? etag : null,
    lastModified: isSettled(lastModified, headers.date) ? lastModified : null,
  };
  return found.etag === null && found.lastModified === null ? null : found;
}

export function conditionsOf(validators: Validators | null): OutgoingHttpHeaders {
  return {
    ...(validators?.etag && { 'if-none-match': validators.etag }),
    ...(validators?.lastModified && { 'if-modified-since': validators.lastModified }),
  };
}

/** False when a 304 speaks of other bytes than those that were asked about. */
export function confirms({ headers }: IncomingMessage, { etag }: Validators): boolean {
  return etag === null || headers.etag === undefined || opaque(headers.etag) === opaque(etag);
}

function isSettled(lastModified: string, date: string | undefined): boolean {
  return (
    HTTP_DATE.test(lastModified) &&
    date !== undefined &&
    Date.parse(date) - Date.parse(lastModified) >= SETTLED_MS
  );
}

function opaque(etag: string): string {
  return etag.replace(/^W\//, '');
}
