import { expect, test } from 'vitest';
import { chainSteps } from './chain-steps.ts';
import type { Chained } from './chain-problems.ts';
import type { FeatureViewManifest } from './manifest.ts';

/** Views of version 1 with the names of their parents. */
function project(parents: Readonly<Record<string, readonly string[]>>): Chained {
  return {
    models: {},
    on_demand_feature_views: {},
    feature_views: Object.fromEntries(
      Object.entries(parents).map(([name, read]) => [
        `${name}@1`,
        {
          name,
          version: 1,
          source:
            read.length === 0
              ? { kind: 'sql' }
              : { kind: 'views', views: read.map((view) => ({ view, version: 1, features: ['x'] })) },
        } as unknown as FeatureViewManifest,
      ]),
    ),
  };
}

const steps = (parents: Readonly<Record<string, readonly string[]>>, name: string) =>
  chainSteps(project(parents), { name, version: 1 });

test('a view comes after everything that it is computed from, however far', () => {
  const shop = { score: ['offer', 'words'], offer: ['words', 'catalog'], words: [], catalog: [], other: [] };
  expect(steps(shop, 'score')).toEqual([['words@1', 'catalog@1'], ['offer@1'], ['score@1']]);
  expect(steps(shop, 'offer')).toEqual([['words@1', 'catalog@1'], ['offer@1']]);
  expect(steps(shop, 'words')).toEqual([['words@1']]);
});

test('a cycle ends', () => {
  expect(
    steps({ one: ['two'], two: ['one'] }, 'one')
      .flat()
      .toSorted(),
  ).toEqual(['one@1', 'two@1']);
});
