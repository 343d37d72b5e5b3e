/*
 * Measurements behind docs/adr/0001-online-row-encoding.md: `node test/bench/row-encoding.ts`.
 * 1. packed bytes against MessagePack arrays: CPU per row, bytes per row and per entity.
 * 2. vectors in the entity's hash against a separate hash with the same hash tag: bytes and time per entity read.
 * 3. pipelined HMGET against one script, by number of entities.
 */
import { keyHasher } from '@larder/offline-store';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  type Redis,
  type RowSchema,
  compileRowCodec,
  compileTensorDecoder,
  connectRedis,
  createOnlineStore,
  waitForRedis,
} from '@larder/online-store';
import { FLOAT32_OPTIONS, Packr } from 'msgpackr';
import { startPrivateRedis } from './private-redis.ts';
import { interleaved, median } from './row.ts';

const ROUNDS = 9;
const ORDER = { eventTimestampMs: 1_790_000_000_000, createdTimestampMs: 1_790_000_100_000, revision: 12 };

type Values = Record<string, number | boolean | bigint | string | Float32Array | null>;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const server = await startPrivateRedis();
const redis = connectRedis(server.url, { role: 'tool' });
try {
  await waitForRedis(redis, 30_000);
  await compareEncodings();
  await compareVectorPlaces();
  await compareReads();
} finally {
  redis.disconnect();
  await server.stop();
}

// --- 1. encodings ---------------------------------------------------------------------------------------------------

async function compareEncodings(): Promise<void> {
  console.log('\n1. Encoding: MessagePack array (msgpackr, float32, vectors as binary) against packed bytes');
  console.table(
    Object.fromEntries([
      await compareEncoding('10 float32', floats(10), 200_000),
      await compareEncoding('10 float32, 3 null', floats(10, 3), 200_000),
      await compareEncoding('vector(512) + 2 float32', { ...floats(2), embedding: vector(512) }, 20_000),
      await compareEncoding('4 float32, 2 float64, int64, bool, string', mixed(), 100_000),
    ]),
  );
  console.log('Entity of 25 views of 10 float32, MEMORY USAGE in bytes, by hash-max-listpack-value:');
  const messagePack = messagePackCodec(schemaOf(floats(10)));
  const packed = compileRowCodec(schemaOf(floats(10)));
  const bytes: Record<string, unknown> = {};
  for (const setting of ['512', '64'])
    bytes[setting] = {
      messagePack: await entityBytes(setting, () => messagePack.encode(floats(10))),
      packed: await entityBytes(setting, () => packed.encode(ORDER, floats(10))),
    };
  console.table(bytes);
}

async function compareEncoding(name: string, values: Values, iterations: number): Promise<[string, object]> {
  const view = schemaOf(values);
  const packed = compileRowCodec(view);
  const messagePack = messagePackCodec(view);
  const features = view.schema
    .filter(({ type }) => type !== 'int64' && type !== 'string')
    .map((field) => field.name);
  const decoder = compileTensorDecoder(view, features, Number.NaN);
  const tensor = new Float32Array(decoder.width);
  const memory = { floats: tensor, bytes: new Uint8Array(tensor.buffer) };
  const packedRow = packed.encode(ORDER, values);
  const messagePackRow = messagePack.encode(values);
  const decodeMessagePack = messagePack.decoder(features);

  const encode = await interleaved(
    ROUNDS,
    timed(iterations / 4, () => messagePack.encode(values)),
    timed(iterations / 4, () => packed.encode(ORDER, values)),
  );
  const decode = await interleaved(
    ROUNDS,
    timed(iterations, () => decodeMessagePack(messagePackRow, tensor)),
    timed(iterations, () => decoder.decodeInto(packedRow, memory, 0, 0)),
  );
  const figures = {
    'encode ns': round(median(encode.floors)),
    'MessagePack/packed': round(median(encode.ratios)),
    'decode ns': round(median(decode.floors)),
    'MessagePack/packed ': round(median(decode.ratios)),
    'row bytes': packedRow.length,
    'MessagePack bytes': messagePackRow.length,
  };
  return [name, figures];
}

/** The strongest MessagePack we could write: one array, header included, float32 forced, vectors as raw bytes. */
function messagePackCodec(view: RowSchema) {
  const packr = new Packr({ useRecords: false, useFloat32: FLOAT32_OPTIONS.ALWAYS });
  const names = view.schema.map(({ name }) => name);
  const vectors = new Set(view.schema.flatMap((field) => (field.type === 'vector' ? [field.name] : [])));
  return {
    encode(values: Values): Buffer {
      const row: unknown[] = [
        view.schema_fingerprint,
        ORDER.eventTimestampMs,
        ORDER.createdTimestampMs,
        ORDER.revision,
      ];
      for (const name of names) {
        const value = values[name];
        row.push(
          value instanceof Float32Array
            ? Buffer.from(value.buffer, value.byteOffset, value.byteLength)
            : value,
        );
      }
      return Buffer.from(packr.pack(row));
    },
    decoder(features: readonly string[]) {
      const picks = features.map((name) => ({ at: 4 + names.indexOf(name), isVector: vectors.has(name) }));
      return (row: Buffer, tensor: Float32Array) => {
        const values = packr.unpack(row) as unknown[];
        if (values[0] !== view.schema_fingerprint) return;
        let column = 0;
        for (const { at, isVector } of picks) {
          const value = values[at];
          if (isVector && Buffer.isBuffer(value)) {
            const bytes = new Uint8Array(tensor.buffer, 4 * column, value.length);
            bytes.set(value);
            column += value.length / 4;
          } else tensor[column++] = value === null ? Number.NaN : Number(value);
        }
      };
    },
  };
}

async function entityBytes(listpackValue: string, row: () => Buffer): Promise<number> {
  await redis.config('SET', 'hash-max-listpack-value', listpackValue);
  await redis.del('larder:ads:{ad:ad-100000}');
  for (let view = 0; view < 25; view++)
    await redis.hset('larder:ads:{ad:ad-100000}', `ad_view_${view}@1`, row());
  return (await redis.memory('USAGE', 'larder:ads:{ad:ad-100000}', 'SAMPLES', 0)) ?? 0;
}

// --- 2. place of vectors --------------------------------------------------------------------------------------------

async function compareVectorPlaces(): Promise<void> {
  console.log('\n2. A vector(512) beside views of 10 float32: in the same hash, or in a separate hash');
  const small = compileRowCodec(schemaOf(floats(10))).encode(ORDER, floats(10));
  const wide = compileRowCodec(schemaOf({ embedding: vector(512) })).encode(ORDER, {
    embedding: vector(512),
  });
  const table: Record<string, object> = {};
  for (const listpackValue of ['512', '64'])
    for (const views of [1, 3, 10, 24]) {
      await redis.flushall();
      await redis.config('SET', 'hash-max-listpack-value', listpackValue);
      const names = Array.from({ length: views }, (_, i) => `ad_view_${i}@1`);
      for (let ad = 0; ad < 100; ad++) {
        for (const name of names) {
          await redis.hset(`same:{ad:ad-${ad}}`, name, small);
          await redis.hset(`own:{ad:ad-${ad}}`, name, small);
        }
        await redis.hset(`same:{ad:ad-${ad}}`, 'ad_image@1', wide);
        await redis.hset(`own:{ad:ad-${ad}}:wide`, 'ad_image@1', wide);
      }
      const same = await sum(['same:{ad:ad-7}']);
      const own = await sum(['own:{ad:ad-7}', 'own:{ad:ad-7}:wide']);
      const read = ['ad_view_0@1', 'ad_image@1'] as const;
      const single = await interleaved(
        ROUNDS,
        awaited(400, () => redis.hmgetBuffer('same:{ad:ad-7}', ...read)),
        awaited(400, () =>
          Promise.all([
            redis.hmgetBuffer('own:{ad:ad-7}', read[0]),
            redis.hmgetBuffer('own:{ad:ad-7}:wide', read[1]),
          ]),
        ),
      );
      table[`${views} + vector, listpack ${listpackValue}`] = {
        'same bytes': same,
        'own bytes': own,
        'same/own': round(same / own),
        'read 1: same µs': round(median(single.values) / 1_000),
        'read 1: same/own': round(median(single.ratios)),
      };
    }
  console.table(table);
}

async function sum(keys: readonly string[]): Promise<number> {
  const sizes = await Promise.all(keys.map((key) => redis.memory('USAGE', key, 'SAMPLES', 0)));
  return sizes.reduce<number>((total, size) => total + (size ?? 0), 0);
}

// --- 3. reading many ------------------------------------------------------------------------------------------------

async function compareReads(): Promise<void> {
  console.log(
    '\n3. Reading n entities × 3 views of 10 float32 in one round trip: pipelined HMGET against one script',
  );
  await redis.flushall();
  await redis.config('SET', 'hash-max-listpack-value', '512');
  const store = createOnlineStore({
    redis,
    project: 'ads',
    keyHasher: async () => keyHasher(Buffer.alloc(32)),
  });
  const view = schemaOf(floats(10));
  const views = [1, 2, 3].map((version) => ({ name: 'ad_view', version }));
  const row = compileRowCodec(view).encode(ORDER, floats(10));
  const keys = Array.from({ length: 1_000 }, (_, i) => `ad-${i}`);
  await store.write(
    keys.flatMap((entityKey) =>
      views.map(
        ({ version }) =>
          ({ entity: 'ad', entityKey, viewRef: `ad_view@${version}`, ttlMs: 'forever', row }) as const,
      ),
    ),
  );
  const plan = store.compileRead([{ entity: 'ad', views }]);
  const table: Record<string, object> = {};
  for (const [entities, times] of [
    [1, 1_000],
    [2, 1_000],
    [3, 600],
    [10, 300],
    [100, 40],
    [500, 10],
    [1_000, 5],
  ] as const) {
    const wanted = keys.slice(0, entities);
    const pipelined = () =>
      pipelinedHmget(
        redis,
        wanted.map((key) => `larder:ads:{ad:${key}}`),
      );
    const wall = await interleaved(
      ROUNDS,
      awaited(times, pipelined),
      awaited(times, () => store.read(plan, [wanted])),
    );
    const cpu = await interleaved(
      ROUNDS,
      cpuOf(times, pipelined),
      cpuOf(times, () => store.read(plan, [wanted])),
    );
    table[entities] = {
      'store µs': round(median(wall.floors) / 1_000),
      'HMGETs/store': round(median(wall.ratios)),
      'store CPU µs': round(median(cpu.floors)),
      'HMGETs/store CPU': round(median(cpu.ratios)),
    };
  }
  console.table(table);
}

async function pipelinedHmget(client: Redis, keys: readonly string[]): Promise<unknown> {
  const pipeline = client.pipeline();
  for (const key of keys) pipeline.hmgetBuffer(key, 'ad_view@1', 'ad_view@2', 'ad_view@3');
  return pipeline.exec();
}

// --- material and clocks --------------------------------------------------------------------------------------------

function floats(count: number, nulls = 0): Values {
  return Object.fromEntries(
    Array.from({ length: count }, (_, i) => [`f_${i}`, i < nulls ? null : Math.fround(Math.sin(i))]),
  );
}

function vector(length: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => Math.sin(i));
}

function mixed(): Values {
  return {
    ...floats(4),
    d_0: Math.PI,
    d_1: Math.E,
    clicks: 48_211n,
    active: true,
    campaign: 'summer-sale-2026',
  };
}

function schemaOf(values: Values): RowSchema {
  const schema = Object.entries(values).map(([name, value]) => {
    if (value instanceof Float32Array) return { name, type: 'vector', length: value.length } as const;
    if (typeof value === 'bigint') return { name, type: 'int64' } as const;
    if (typeof value === 'boolean') return { name, type: 'bool' } as const;
    if (typeof value === 'string') return { name, type: 'string' } as const;
    return { name, type: name.startsWith('d_') ? 'float64' : 'float32' } as const;
  });
  return { schema, schema_fingerprint: 0xc0ffee11 };
}

/** Nanoseconds per call. */
function timed(iterations: number, call: () => unknown): () => Promise<number> {
  return async () => {
    collectGarbage();
    const start = process.hrtime.bigint();
    for (let i = 0; i < iterations; i++) call();
    return Number(process.hrtime.bigint() - start) / iterations;
  };
}

/** Nanoseconds per awaited call. */
function awaited(iterations: number, call: () => Promise<unknown>): () => Promise<number> {
  return async () => {
    const start = process.hrtime.bigint();
    for (let i = 0; i < iterations; i++) await call();
    return Number(process.hrtime.bigint() - start) / iterations;
  };
}

/** Microseconds of this process's CPU per awaited call. */
function cpuOf(iterations: number, call: () => Promise<unknown>): () => Promise<number> {
  return async () => {
    const start = process.cpuUsage();
    for (let i = 0; i < iterations; i++) await call();
    const used = process.cpuUsage(start);
    return (used.user + used.system) / iterations;
  };
}

function round(value: number): number {
  return Number(value.toPrecision(3));
}
