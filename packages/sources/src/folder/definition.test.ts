import { entity, f, type Entity } from '@larder/features';
import { expect, test } from 'vitest';
import { folderSource } from './definition.ts';

const picture = entity('picture', { picture_id: f.string() });

test('has the same manifest as ever', () => {
  const source = folderSource({ folder: 'photos', key: 'picture_id', extensions: ['.PNG', '.jpg', '.png'] });
  expect(JSON.stringify(source.manifest)).toBe(
    '{"kind":"folder","folder":"photos","key_column":"picture_id","extensions":[".jpg",".png"],"event_timestamp_column":"event_timestamp","created_timestamp_column":null}',
  );
  expect(source).toMatchObject({ kind: 'folder', connection: null, folder: 'photos', key: 'picture_id' });
  expect(source.problems({ entity: picture, schema: {}, compute: null })).toEqual([]);
});

test('reports every problem of its options', () => {
  const source = folderSource({ folder: '', key: 'ad_id', extensions: ['jpg', '.tar.gz', '.ok'] });
  const problems = source.problems({ entity: picture, schema: {}, compute: null });
  expect(problems.map(({ path, detail }) => `${path.join('/')} ${detail}`)).toEqual([
    "folder is empty; name a folder such as 'pictures'.",
    "key must be the one join key of the view's entity, a string; it is 'ad_id'.",
    "extensions/1 '.tar.gz' must be an extension with its dot, such as '.jpg'.",
    "extensions/2 'jpg' must be an extension with its dot, such as '.jpg'.",
  ]);
});

test.each<[string, Entity]>([
  ['that has two join keys', entity('pair', { picture_id: f.string(), place: f.string() })],
  ['whose join key is a number', entity('picture', { picture_id: f.int64() })],
  ['that is none', undefined as unknown as Entity],
])('refuses an entity %s', (_, wrong) => {
  const source = folderSource({ folder: 'photos', key: 'picture_id' });
  expect(source.problems({ entity: wrong, schema: {}, compute: null })).toEqual([
    { path: ['key'], detail: expect.stringMatching(/the one join key/) },
  ]);
});
