import type { FieldManifest } from '@larder/features';
import { describe, expect, test } from 'vitest';
import { checkFeatureValue } from './feature-value.ts';

const field = (type: FieldManifest['type'], rest: Partial<FieldManifest> = {}): FieldManifest => ({
  name: 'x',
  type,
  ...rest,
});
const float32 = field('float32');
const vector = field('vector', { length: 2 });

describe('checkFeatureValue', () => {
  test.each([
    [float32, 0.1, Math.fround(0.1)],
    [field('float64'), 0.1, 0.1],
    [field('int64'), 7, 7n],
    [field('int64'), 9007199254740993n, 9007199254740993n],
    [field('int64', { safe: true }), 7, 7],
    [field('string'), '', ''],
    [field('bool'), false, false],
    [field('timestamp'), new Date(0), new Date(0)],
    [vector, [1, 2], new Float32Array([1, 2])],
    [field('json'), { a: [1, null] }, { a: [1, null] }],
  ])('takes %o from %o', (spec, given, value) => {
    expect(checkFeatureValue(spec, given)).toEqual({ ok: true, value });
  });

  test.each([
    [float32, '1', /must be a number/],
    [float32, Number.NaN, /finite; use null/],
    [float32, 1e39, /finite/],
    [field('float64'), Number.POSITIVE_INFINITY, /finite/],
    [field('int64'), 1.5, /bigint/],
    [field('int64', { safe: true }), 9007199254740993n, /2\^53/],
    [field('string'), 7, /must be a string/],
    [field('string'), 'a\0', /U\+0000/],
    [vector, [1], /2 numbers, not 1/],
    [vector, [1, Number.NaN], /item 1 is NaN/],
    [vector, ['1', '2'], /Float32Array/],
    [field('timestamp'), '2026-01-01', /valid Date/],
    [field('bool'), undefined, /true or false/],
  ])('refuses for %o %o', (spec, given, detail) => {
    expect(checkFeatureValue(spec, given)).toEqual({ ok: false, detail: expect.stringMatching(detail) });
  });
});
