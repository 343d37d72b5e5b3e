import { expect, test } from 'vitest';
import type { Manifest } from './manifest.ts';
import { readViews } from './read-views.ts';

test('what a read view is computed from is read as well, in the version that it names', () => {
  const view = (name: string, version: number, ...parents: readonly string[]) => ({
    name,
    version,
    source: {
      kind: parents.length > 0 ? 'views' : 'sql',
      views: parents.map((ref) => ({
        view: ref.split('@')[0],
        version: Number(ref.split('@')[1]),
        features: [],
      })),
    },
  });
  const views = [
    view('root', 1),
    view('root', 2),
    view('root', 3),
    view('middle', 1, 'root@2'),
    view('leaf', 4, 'middle@1'),
  ];
  const manifest = {
    feature_views: Object.fromEntries(views.map((each) => [`${each.name}@${each.version}`, each])),
    on_demand_feature_views: {},
    models: {},
  } as unknown as Manifest;
  expect([...readViews(manifest)].sort()).toEqual(['leaf@4', 'middle@1', 'root@2', 'root@3']);
});
