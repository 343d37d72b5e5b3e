import { entity, f } from '@larder/features';
import { expect, test } from 'vitest';
import { sqlSource } from './definition.ts';

const view = { entity: entity('ad', { ad_id: f.string() }), schema: {}, compute: null };

test('has the same manifest as ever', () => {
  const source = sqlSource({ connection: 'ads', query: '\n select 1 as ad_id ' });
  expect(JSON.stringify(source.manifest)).toBe(
    '{"kind":"sql","connection":"ads","query":"select 1 as ad_id","event_timestamp_column":"event_timestamp","created_timestamp_column":null}',
  );
  const timed = sqlSource({
    connection: 'ads',
    query: 'select 1',
    eventTimestampColumn: 'at',
    createdTimestampColumn: 'known_at',
  });
  expect(timed.manifest).toMatchObject({
    event_timestamp_column: 'at',
    created_timestamp_column: 'known_at',
  });
  expect(timed).toMatchObject({ connection: 'ads', eventTimestampColumn: 'at', query: 'select 1' });
  expect(timed.problems(view)).toEqual([]);
});

test('reports every problem of its options', () => {
  const problems = sqlSource({
    connection: 'ads',
    query: 'select 1;',
    eventTimestampColumn: '',
    createdTimestampColumn: '',
  }).problems(view);
  expect(problems.map(({ path, detail }) => `${path.join('/')} ${detail}`)).toEqual([
    'query must not end with a semicolon: Larder wraps it in larger queries.',
    'event_timestamp_column is empty.',
    'created_timestamp_column is empty; leave it out where the source has none.',
  ]);
  expect(sqlSource({ connection: 'ads', query: ' ' }).problems(view)).toEqual([
    { path: ['query'], detail: expect.stringMatching(/^is empty; select the join keys/) },
  ]);
});
