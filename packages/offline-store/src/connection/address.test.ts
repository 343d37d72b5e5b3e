import { postgresAddressProblem } from '@larder/core';
import fc from 'fast-check';
import pg from 'pg';
import { expect, test } from 'vitest';

const PIECES = [
  '@',
  ':',
  '/',
  '?',
  '%',
  '%40',
  '%zz',
  '%e9',
  '[',
  ']',
  '::1',
  '5432',
  '99999',
  'host',
  '=',
  '&',
  '#',
  'é',
  'x',
];

test('node-postgres can parse every address that we accept', () => {
  let accepted = 0;
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...PIECES), { maxLength: 9 }), (pieces) => {
      const address = `postgresql://${pieces.join('')}`;
      if (postgresAddressProblem(address) !== null) return;
      accepted++;
      expect(() => new pg.Client({ connectionString: address })).not.toThrow();
    }),
    { numRuns: 3_000 },
  );
  expect(accepted).toBeGreaterThan(300);
});
