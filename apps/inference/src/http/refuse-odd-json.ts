import { jsonPointer, LarderError } from '@larder/core';

/** A JSON feature may nest 64 levels deep, and is itself in a row, in a list, in a body. */
const MAX_DEPTH = 100;

/**
 * Refuses JSON that later steps would ignore or fail on: a member `__proto__`, which schemas drop silently,
 * and nesting that overflows the stack. @throws REQUEST_INVALID
 */
export function refuseOddJson(json: unknown): void {
  visit(json, '', 0);
}

function visit(value: unknown, pointer: string, depth: number): void {
  if (typeof value !== 'object' || value === null) return;
  if (depth >= MAX_DEPTH) throw invalid('', `must not nest deeper than ${MAX_DEPTH}`);
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length; at++)
      if (typeof value[at] === 'object') visit(value[at], `${pointer}/${at}`, depth + 1);
    return;
  }
  for (const [name, member] of Object.entries(value)) {
    if (name === '__proto__') throw invalid(`${pointer}/${name}`, 'is unknown');
    if (typeof member === 'object') visit(member, pointer + jsonPointer([name]), depth + 1);
  }
}

function invalid(pointer: string, detail: string): LarderError {
  return new LarderError('REQUEST_INVALID', `${pointer || 'The body'} ${detail}.`, {
    errors: [{ pointer, detail }],
  });
}
