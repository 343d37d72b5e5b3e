import { expect, test } from 'vitest';
import { chainProblems } from './chain-problems.ts';
import type { Manifest } from './manifest.ts';

function view(ref: string, parents: readonly string[] = [], entity = 'ad') {
  const [name, version] = ref.split('@');
  const views = parents.map((parent) => ({
    view: parent.split('@')[0],
    version: Number(parent.split('@')[1]),
    features: ['size'],
  }));
  const own = name === 'stats' ? { kind: 'events' } : { kind: 'sql' };
  const source = parents.length > 0 ? { kind: 'views', views } : own;
  return { name, version: Number(version), entity, source, schema: [{ name: 'size', type: 'float32' }] };
}

function problems(...views: readonly ReturnType<typeof view>[]): string[] {
  const feature_views = Object.fromEntries(views.map((each) => [`${each.name}@${each.version}`, each]));
  return chainProblems({ feature_views } as unknown as Manifest).map(
    ({ pointer, detail }) => `${pointer} ${detail}`,
  );
}

test('finds every cycle, and none in a chain that comes together again', () => {
  expect(
    problems(view('a@1'), view('b@1', ['a@1']), view('c@1', ['a@1']), view('d@1', ['b@1', 'c@1'])),
  ).toEqual([]);
  expect(problems(view('a@1', ['a@1']))).toEqual([
    '/feature_views/a@1/source/views is computed from itself: a@1 → a@1. Break the cycle.',
  ]);
  expect(
    problems(view('a@1', ['c@1']), view('b@1', ['a@1']), view('c@1', ['b@1']), view('d@1', ['c@1'])),
  ).toEqual([
    '/feature_views/a@1/source/views is computed from itself: a@1 → c@1 → b@1 → a@1. Break the cycle.',
    '/feature_views/b@1/source/views is computed from itself: b@1 → a@1 → c@1 → b@1. Break the cycle.',
    '/feature_views/c@1/source/views is computed from itself: c@1 → b@1 → a@1 → c@1. Break the cycle.',
  ]);
  // windows end no cycle that goes around them
  expect(problems(view('stats@1'), view('a@1', ['stats@1', 'b@1']), view('b@1', ['a@1', 'stats@1']))).toEqual(
    [
      '/feature_views/a@1/source/views is computed from itself: a@1 → b@1 → a@1. Break the cycle.',
      '/feature_views/b@1/source/views is computed from itself: b@1 → a@1 → b@1. Break the cycle.',
    ],
  );
  // another version is another view
  expect(problems(view('a@1'), view('b@1', ['a@1']), view('a@2', ['b@1']))).toEqual([]);
});

test('finds parents that there are not', () => {
  expect(problems(view('a@1'), view('b@1', ['a@2']), view('c@1', ['a@1'], 'user'))).toEqual([
    '/feature_views/b@1/source/views b@1 is computed from a@2, which there is not.',
    '/feature_views/c@1/source/views a@1 has another entity than c@1.',
  ]);
});
