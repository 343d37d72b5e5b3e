import { expect, test } from 'vitest';
import { fromViews, sqlSource } from '@larder/sources';
import { entity } from '../definition/entity.ts';
import { featureView } from '../definition/feature-view.ts';
import { f } from '../definition/field.ts';
import { collectDefinitions } from './collect-definitions.ts';

test('finds the views that a source reads, and theirs', () => {
  const common = { version: 1, entity: entity('ad', { ad_id: f.string() }), ttl: 'forever' } as const;
  const source = sqlSource({ connection: 'ads', query: 'select 1' });
  const root = featureView('root', { ...common, source, schema: { size: f.float32(), colour: f.string() } });
  const middle = featureView('middle', {
    ...common,
    source: fromViews([root.pick('size')]),
    schema: { size: f.float32() },
  });
  const leaf = featureView('leaf', {
    ...common,
    source: fromViews([middle, root.pick('colour')]),
    schema: { size: f.float32() },
  });
  expect(collectDefinitions({ leaf }).featureViews.map(({ name }) => name)).toEqual([
    'leaf',
    'middle',
    'root',
  ]);
});

test('finds what an exported array, object or namespace has, however deep; getters are not called', () => {
  const shop = entity('shop', { shop_id: f.string() });
  const source = sqlSource({ connection: 'shops', query: 'select 1' });
  const views = ['north', 'south'].map((region) =>
    featureView(`sales_${region}`, {
      version: 1,
      entity: shop,
      ttl: 'forever',
      source,
      schema: { sold: f.float32() },
    }),
  );
  const [north, south] = views;
  const looped: unknown[] = [north];
  looped.push({ looped, south });
  const module = Object.assign(Object.create(null) as object, { north, inner: { south } });
  for (const exported of [views, [[north], [south]], { north, south }, looped, module])
    expect(collectDefinitions({ exported }).featureViews).toEqual(views);
  let deep: unknown = [];
  for (let i = 0; i < 100_000; i++) deep = [deep];
  const other = {
    get secret(): never {
      throw new Error('called');
    },
    list: [1, 'text', null],
    date: new Date(),
    deep,
  };
  expect(collectDefinitions({ other, views }).featureViews).toEqual(views);
});
