import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ERRORS, LarderError, isLarderError, toLarderError } from './errors.ts';

const page = readFileSync(resolve(import.meta.dirname, '../../../docs/reference/errors.md'), 'utf8');
const documented = [...page.matchAll(/^\| `?([A-Z][A-Z_]+)`? \| (\d{3}) \| (yes|no) \|/gm)].map(
  ([, code, status, retryable]) => ({
    code,
    status: Number(status),
    retryable: retryable === 'yes',
  }),
);

describe('docs/reference/errors.md', () => {
  test('has one line for every code, sorted, with its status and whether to retry', () => {
    const registered = Object.entries(ERRORS).map(([code, entry]) => ({
      code,
      status: entry.status,
      retryable: entry.retryable,
    }));
    expect(documented).toEqual(registered.toSorted((a, b) => (a.code < b.code ? -1 : 1)));
  });
});

describe('LarderError', () => {
  test('takes status and retryable from its code', () => {
    const error = new LarderError('REQUEST_INVALID', 'entities.ad_id is missing', {
      errors: [{ pointer: '/entities/ad_id', detail: 'is missing' }],
    });
    expect([error.status, error.retryable, error.errors[0]?.pointer]).toEqual([
      422,
      false,
      '/entities/ad_id',
    ]);
  });

  test('is recognised across copies of the package by its brand', () => {
    const other = Object.assign(new Error('from elsewhere'), { [Symbol.for('larder.error')]: true });
    expect([isLarderError(other), isLarderError(new Error('x')), isLarderError(null)]).toEqual([
      true,
      false,
      false,
    ]);
  });

  test('anything else becomes INTERNAL without showing what it was', () => {
    const wrapped = toLarderError(new Error('password=secret'));
    expect(wrapped.code).toBe('INTERNAL');
    expect(wrapped.message).not.toContain('secret');
    expect((wrapped.cause as Error).message).toContain('secret');
  });
});
