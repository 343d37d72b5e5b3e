import { isStorable, UNSTORABLE } from './value-spec.ts';

const MAX_DEPTH = 64;

/** Why a value is not JSON that every store can hold; null when it is. */
export function jsonProblem(value: unknown, depth = 0): string | null {
  if (depth > MAX_DEPTH) return `must not nest deeper than ${MAX_DEPTH}`;
  if (typeof value === 'string') return isStorable(value) ? null : UNSTORABLE;
  if (value === null || typeof value === 'boolean') return null;
  if (typeof value === 'number') return Number.isFinite(value) ? null : 'must hold finite numbers only';
  if (!Array.isArray(value) && !isPlain(value)) return `must be JSON, not ${typeName(value)}`;
  for (const [key, member] of Object.entries(value)) {
    const detail = isStorable(key) ? jsonProblem(member, depth + 1) : UNSTORABLE;
    if (detail !== null) return detail;
  }
  return null;
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Type name of a value for messages, which never show the value itself. */
export function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value !== 'object') return typeof value;
  if (value instanceof Date && Number.isNaN(value.getTime())) return 'an invalid Date';
  return value.constructor?.name ?? 'object';
}
