import {
  entityKey,
  type EntityManifest,
  type FieldManifest,
  type JsonValue,
  type Manifest,
} from '@larder/features';
import {
  appendHistory,
  ensureHistory,
  readChunkHistory,
  readNewestRowsPage,
  type HistoryRow,
} from '@larder/offline-store';
import { compileRowCodec, encodeGoneRow } from '@larder/online-store';
import fc from 'fast-check';
import { expect } from 'vitest';
import { test } from '../../fixtures/shop.ts';
import { compileRowPacker } from './pack-rows.ts';

const SCHEMA: readonly FieldManifest[] = [
  { name: 'note', type: 'string' },
  { name: 'f32', type: 'float32' },
  { name: 'payload', type: 'json' },
  { name: 'f64', type: 'float64' },
  { name: 'big', type: 'int64' },
  { name: 'count', type: 'int64', safe: true },
  { name: 'flag', type: 'bool' },
  { name: 'other', type: 'bool' },
  { name: 'seen_at', type: 'timestamp' },
  { name: 'embedding', type: 'vector', length: 3 },
];
const text = fc.string({ unit: 'binary' }).filter((value) => !value.includes('\0') && value.isWellFormed());
const json = fc
  .jsonValue({ stringUnit: 'grapheme' })
  .filter((value) => value !== null && !JSON.stringify(value).includes('\\u0000'))
  .map((value) => JSON.parse(JSON.stringify(value)) as JsonValue);
const instant = fc.date({ min: new Date('-004712-01-01T00:00:00Z'), noInvalidDate: true });
const VALUES = fc.record({
  note: fc.option(text),
  f32: fc.option(fc.float()),
  payload: fc.option(json),
  f64: fc.option(fc.double()),
  big: fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  count: fc.option(fc.maxSafeInteger()),
  flag: fc.option(fc.boolean()),
  other: fc.option(fc.boolean()),
  seen_at: fc.option(instant),
  embedding: fc.option(
    fc.array(fc.float({ noNaN: true }), { minLength: 3, maxLength: 3 }).map((all) => Float32Array.from(all)),
  ),
});
const ENTITIES: readonly EntityManifest[] = [
  { name: 'plain', join_keys: [{ name: 'id', type: 'string' }] },
  {
    name: 'composite',
    join_keys: [
      { name: 'id', type: 'string' },
      { name: 'n', type: 'int64' },
      { name: 'yes', type: 'bool' },
      { name: 'at', type: 'timestamp' },
    ],
  },
];

test('packs a page into the bytes that a landing writes', async ({ shop }) => {
  const { store } = shop;
  for (const entity of ENTITIES) {
    const view = {
      ...shop.view('ad_words@1'),
      name: `packed_${entity.name}`,
      entity: entity.name,
      schema: SCHEMA,
    };
    const project: Manifest = { ...shop.project.manifest, entities: { [entity.name]: entity } };
    await ensureHistory(store, project, view);
    const codec = compileRowCodec(view);
    const packer = compileRowPacker(project, view);
    const keys = fc.record({
      id: fc
        .string({ unit: 'binary', maxLength: 20 })
        .filter((value) => !value.includes('\0') && value.isWellFormed()),
      n: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      yes: fc.boolean(),
      at: fc.date({ min: new Date('1990-01-01'), max: new Date('2100-01-01'), noInvalidDate: true }),
    });
    const drawn = fc.record({
      keys,
      values: VALUES,
      gone: fc.boolean(),
      at: fc.integer({ min: -1e6, max: 1e6 }),
    });
    let chunkId = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(drawn, { minLength: 1, maxLength: 12 }), async (all) => {
        await store.pool.query(`truncate shop_history.packed_${entity.name}_v1`);
        chunkId++;
        const eventTimestampMs = Date.now() - 5_000_000;
        const rows = all.map((each, i): HistoryRow => ({
          keys: Object.fromEntries(entity.join_keys.map(({ name }) => [name, each.keys[name as 'id']])),
          eventTimestampMs: eventTimestampMs + each.at,
          createdTimestampMs: eventTimestampMs - each.at,
          revision: 2 ** 33 + i,
          chunkId,
          inputHash: 0n,
          ...(each.gone ? { isGone: true as const, values: {} } : { values: each.values }),
        }));
        const byKey = new Map<string, HistoryRow>();
        for (const each of rows) {
          const key = entityKey(entity, each.keys);
          const other = byKey.get(key);
          const isNewer =
            other === undefined ||
            each.eventTimestampMs > other.eventTimestampMs ||
            (each.eventTimestampMs === other.eventTimestampMs && each.revision > other.revision);
          if (isNewer) byKey.set(key, each);
        }
        await store.transaction((tx) => appendHistory(tx, project, view, rows));
        expect(await readChunkHistory(store, project, view, chunkId)).toHaveLength(rows.length);
        const page = packer(
          await readNewestRowsPage(store, {
            project,
            view,
            after: null,
            limit: 100,
            notBeforeMs: null,
            landedSince: null,
          }),
        );
        expect(page.entityKeys.toSorted()).toEqual([...byKey.keys()].toSorted());
        for (const [i, key] of page.entityKeys.entries()) {
          const row = byKey.get(key) as HistoryRow;
          const expected = row.isGone ? encodeGoneRow(view, row) : codec.encode(row, row.values);
          // Members of json come back in PostgreSQL's order: compared as values.
          expect(codec.decode(page.rows[i] as Buffer)).toEqual(codec.decode(expected));
          if (row.isGone || typeof row.values['payload'] !== 'object')
            expect(page.rows[i]?.toString('hex')).toBe(expected.toString('hex'));
        }
      }),
      { numRuns: 40 },
    );
  }
});
