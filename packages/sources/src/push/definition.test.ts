import { entity, f } from '@larder/features';
import { expect, test } from 'vitest';
import { pushSource } from './definition.ts';

const comment = entity('comment', { comment_id: f.string() });
const COMPUTED = {
  kind: 'module',
  options: {},
  artifacts: {},
  load: async () => {
    throw new Error('not loaded here');
  },
} as const;
const computed = { entity: comment, schema: {}, compute: COMPUTED };
const plain = { entity: comment, schema: {}, compute: null };

test('names the columns of a pushed row', () => {
  const source = pushSource({ schema: { text: f.string(), likes: f.int64().safe() } });
  expect(JSON.stringify(source.manifest)).toBe(
    '{"kind":"push","schema":[{"name":"text","type":"string"},{"name":"likes","type":"int64","safe":true}],"event_timestamp_column":"event_timestamp","created_timestamp_column":"created_timestamp"}',
  );
  expect(source.problems(computed)).toEqual([]);
  expect(pushSource().manifest.schema).toEqual([]);
  expect(pushSource().problems(plain)).toEqual([]);
});

test('reports every problem of its columns', () => {
  const texts = (schema: unknown, view: typeof computed | typeof plain = computed) =>
    pushSource({ schema: schema as never })
      .problems(view)
      .map(({ path, detail }) => `${path.join('/')} ${detail}`);
  expect(
    texts({ Text: f.string(), likes: 7, event_timestamp: f.timestamp(), comment_id: f.string() }),
  ).toEqual([
    expect.stringMatching(/^schema\/Text 'Text' is not a valid name/),
    expect.stringMatching(/^schema\/likes is not a field/),
    expect.stringMatching(/^schema\/event_timestamp 'event_timestamp' is a column that Larder/),
    "schema/comment_id is a join key of entity 'comment', which every pushed row has.",
  ]);
  expect(texts({ text: f.string().default('').sensitive('hashed') })).toEqual([
    expect.stringMatching(/^schema\/text cannot be sensitive/),
    expect.stringMatching(/^schema\/text cannot have a default/),
  ]);
  expect(texts({ text: f.string() }, plain)).toEqual([
    'schema must be left out: without compute, a pushed row has the features of the view.',
  ]);
  expect(texts({})).toEqual(['schema must have at least one field.']);
});
