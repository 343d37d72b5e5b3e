import { KEY_ROLES, KEY_SCOPES } from '@larder/contracts';
import { expect, test } from 'vitest';
import { beyond, grantedScopes, holds, scopeProblem } from './grants.ts';

test('every scope is a scope; predict and push may be bound to a name, and nothing else', () => {
  for (const scope of [...KEY_SCOPES, 'predict:ad_ctr', 'push:ad_stats'])
    expect(scopeProblem(scope)).toBe(null);
  for (const scope of ['', 'admin', 'inspect:ad', 'predict:', 'predict:Ad', 'predict:a:b', 'PREDICT'])
    expect({ scope, problem: scopeProblem(scope) }).toEqual({ scope, problem: expect.any(String) });
});

test('a role grants its scopes, further scopes come on top, and an unknown role grants nothing', () => {
  expect([...grantedScopes('scraper', ['predict:ad_ctr'])]).toEqual(['metrics:read', 'predict:ad_ctr']);
  expect([...grantedScopes('queen', ['inspect'])]).toEqual(['inspect']);
  expect(KEY_ROLES.admin).toEqual(KEY_SCOPES);
});

test('a bound scope holds for its name alone', () => {
  const bound = new Set(['predict:ad_ctr']);
  expect([
    holds(bound, 'predict', 'ad_ctr'),
    holds(bound, 'predict', 'other'),
    holds(bound, 'predict'),
    holds(bound, 'push', 'ad_ctr'),
    holds(new Set(['predict']), 'predict', 'other'),
  ]).toEqual([true, false, false, false, true]);
});

test('nobody hands on more than they have: a bound scope is part of the whole one, not the reverse', () => {
  expect(beyond(new Set(['predict', 'keys:admin']), ['predict:ad_ctr', 'predict', 'inspect'])).toEqual([
    'inspect',
  ]);
  expect(beyond(new Set(['predict:ad_ctr']), ['predict', 'predict:other', 'predict:ad_ctr'])).toEqual([
    'predict',
    'predict:other',
  ]);
});
