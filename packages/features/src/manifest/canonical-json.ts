import { createHash } from 'node:crypto';

/** JSON text with the members of every object sorted: equal data has equal bytes (even after PostgreSQL's jsonb reordered it). */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) => (isRecord(member) ? sorted(member) : member));
}

/** SHA-256 (hex) of the canonical JSON. */
export function fingerprint(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex');
}

/** First 32 bits of the SHA-256 of the canonical JSON, unsigned. */
export function fingerprint32(value: unknown): number {
  return createHash('sha256').update(canonicalJson(value)).digest().readUInt32BE(0);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function sorted(record: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}
