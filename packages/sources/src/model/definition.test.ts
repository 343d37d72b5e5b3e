import { expect, test } from 'vitest';
import { createSources } from '../create-sources.ts';
import type { RowSource } from '../row-source.ts';

const view = {
  source: {
    kind: 'model',
    model: 'ad_ctr',
    event_timestamp_column: 'event_timestamp',
    created_timestamp_column: 'created_timestamp',
  },
  schema: [],
  compute: null,
};
const entity = { name: 'ad', join_keys: [{ name: 'ad_id', type: 'string' as const }] };
const nowhere = { root: '/', connections: {}, maxConnections: 1 };
const signal = new AbortController().signal;

test('reads what its model reads, asked for with each use', async () => {
  const asked: string[] = [];
  const rows: RowSource = {
    plan: async () => [],
    async *scan() {
      yield [{ ad_id: 'a' }];
    },
    lookup: async () => [{ ad_id: 'b' }],
    check: async () => ({ status: 'ok', detail: 'there' }),
  };
  const modelRows = async (model: string) => {
    asked.push(model);
    return rows;
  };
  const source = await createSources({ ...nowhere, modelRows }).open(view, entity);
  expect(asked).toEqual([]);
  for await (const page of source.scan({ kind: 'keys', keys: [['a']] }, signal))
    expect(page).toEqual([{ ad_id: 'a' }]);
  expect(await source.lookup([['b']], signal)).toEqual([{ ad_id: 'b' }]);
  expect(asked).toEqual(['ad_ctr', 'ad_ctr']);
});

test('only workers compute predictions', async () => {
  await expect(createSources(nowhere).open(view, entity)).rejects.toMatchObject({
    code: 'SOURCE_NOT_CONFIGURED',
    message: expect.stringContaining('The predictions of ad_ctr are computed by workers'),
  });
});
