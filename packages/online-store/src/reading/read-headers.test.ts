import { test } from '@larder/testing';
import { expect } from 'vitest';
import { connectRedis } from '../connection/connect-redis.ts';
import { createOnlineStore } from '../online-store.ts';
import { compileRowCodec } from '../rows/row-codec.ts';
import { testHasher, orderAt } from '../testing/views.ts';

const fields = {
  fixed: [{ name: 'score', type: 'float32' }],
  text: [
    { name: 'score', type: 'float32' },
    { name: 'note', type: 'string' },
    { name: 'tags', type: 'json' },
  ],
} as const;

test.for(['fixed', 'text'] as const)(
  'a header is given of rows that are as long as they say, of a view that is %s',
  async (kind, { redis }) => {
    const connection = connectRedis(redis.url, { role: 'worker' });
    const store = createOnlineStore({ redis: connection, project: 'ads', keyHasher: testHasher });
    const view = { name: kind, version: 1, schema: fields[kind], schema_fingerprint: 0xfedcba98 };
    const row = compileRowCodec(view).encode(orderAt(5), { score: 1, note: 'ä note '.repeat(60), tags: [1] });
    const ofOtherSchema = Buffer.from(row.subarray(0, 25)).fill(7, 1, 5);
    const rows: Record<string, Buffer> = {
      whole: row,
      'cut-off': row.subarray(0, -1),
      'cut-early': row.subarray(0, 24),
      longer: Buffer.concat([row, Buffer.of(0)]),
      short: Buffer.from('short'),
      'other-schema': ofOtherSchema,
    };
    for (const [key, bytes] of Object.entries(rows))
      await connection.hset(`larder:ads:{ad:${key}}`, `${kind}@1`, bytes);
    const entityKeys = [...Object.keys(rows), 'nowhere'];
    const headers = await store.headers({ entity: 'ad', entityKeys, view });
    expect(headers.map((header) => header?.eventTimestampMs ?? null)).toEqual([
      5,
      null,
      null,
      null,
      null,
      5,
      null,
    ]);
    connection.disconnect();
  },
);
