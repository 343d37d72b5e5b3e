import fc from 'fast-check';
import { expect, test } from 'vitest';
import { columnParser } from './parse-column.ts';

const TIMESTAMPTZ = 1184;
const parse = columnParser(TIMESTAMPTZ) as (text: string) => unknown;

test('instants arrive as Date in whole milliseconds, whatever their fraction', () => {
  const days = { min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z') };
  fc.assert(
    fc.property(
      fc.date({ ...days, noInvalidDate: true }),
      fc.integer({ min: 0, max: 999_999 }),
      (date, us) => {
        const second = date.toISOString().slice(0, 19);
        // PostgreSQL leaves out zeros at the end
        const fraction = us === 0 ? '' : `.${String(us).padStart(6, '0').replace(/0+$/, '')}`;
        const expected = new Date(`${second}.${String(Math.trunc(us / 1_000)).padStart(3, '0')}Z`);
        expect(parse(`${second.replace('T', ' ')}${fraction}+00`)).toEqual(expected);
      },
    ),
  );
});

test.each([
  'infinity',
  '-infinity',
  '12026-01-01 00:00:00+00',
  '12026-01-01 00:00:00.5+00',
  '0044-03-15 00:00:00+00 BC',
])('%s is not an instant of JavaScript and stays text', (text) => expect(parse(text)).toBe(text));
