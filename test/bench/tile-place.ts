import { connectRedis } from '@larder/online-store';
import { startPrivateRedis } from './private-redis.ts';
import { median } from './row.ts';

// Place of the tiles of a windowed view: each in its own field, or all in one packed value of the view's field.
// 4 windows × 12 tiles (a tail a twelfth of the window) × 5 aggregates as float64, behind 16 bytes of start and version.

const TILES = 48;
const TILE_BYTES = 16 + 5 * 8;
const ENTITIES = 500;
const ROUNDS = 9;
const BATCH = 100;

/** Replaces the given tiles, each only with a later version; events outside all tiles are not considered here. */
const MERGE = `
local row = redis.call('HGET', KEYS[1], ARGV[1])
for i = 2, #ARGV, 2 do
  local at = ARGV[i] * ${TILE_BYTES}
  local old = string.sub(row, at + 9, at + 16)
  local tile = ARGV[i + 1]
  for b = 9, 16 do
    local mine, theirs = string.byte(tile, b), string.byte(old, b - 8)
    if mine ~= theirs then
      if mine > theirs then row = string.sub(row, 1, at) .. tile .. string.sub(row, at + ${TILE_BYTES} + 1) end
      break
    end
  end
end
redis.call('HSET', KEYS[1], ARGV[1], row)`;
const FIELDS = `
for i = 1, #ARGV, 2 do
  local old = redis.call('HGET', KEYS[1], ARGV[i])
  local tile, write = ARGV[i + 1], true
  for b = 9, 16 do
    local mine, theirs = string.byte(tile, b), string.byte(old, b)
    if mine ~= theirs then write = mine > theirs break end
  end
  if write then redis.call('HSET', KEYS[1], ARGV[i], tile) end
end`;

const server = await startPrivateRedis({ 'hash-max-listpack-value': '64' });
const redis = connectRedis(server.url, { role: 'tool' });
try {
  const names = Array.from({ length: TILES }, (_, at) => `ad_stats@1#${at}`);
  for (let at = 0; at < ENTITIES; at++) {
    await redis.hset(`one:${at}`, 'ad_stats@1', Buffer.alloc(TILES * TILE_BYTES));
    await redis.hset(`own:${at}`, Object.fromEntries(names.map((name) => [name, Buffer.alloc(TILE_BYTES)])));
  }
  const bytes = async (key: string) => Number(await redis.memory('USAGE', key));
  console.log(`bytes an entity: one value ${await bytes('one:0')}, a field a tile ${await bytes('own:0')}`);

  let version = 1;
  const tile = (): Buffer => {
    const made = Buffer.alloc(TILE_BYTES, 1);
    made.writeBigUInt64BE(BigInt(version++), 8);
    return made;
  };
  // an event falls into one tile of each window
  const touched = [0, 12, 24, 36];
  const ways = {
    'read, one value': (key: number) => redis.hmgetBuffer(`one:${key}`, 'ad_stats@1'),
    'read, a field a tile': (key: number) => redis.hmgetBuffer(`own:${key}`, ...names),
    'event, one value': (key: number) =>
      redis.eval(MERGE, 1, `one:${key}`, 'ad_stats@1', ...touched.flatMap((at) => [at, tile()])),
    'event, a field a tile': (key: number) =>
      redis.eval(FIELDS, 1, `own:${key}`, ...touched.flatMap((at) => [names[at] as string, tile()])),
  };
  const times = new Map<string, number[]>(Object.keys(ways).map((way) => [way, []]));
  for (let round = 0; round < ROUNDS; round++)
    for (const [name, way] of Object.entries(ways)) {
      const started = performance.now();
      for (let batch = 0; batch < ENTITIES; batch += BATCH)
        await Promise.all(Array.from({ length: BATCH }, (_, at) => way(batch + at)));
      times.get(name)?.push(((performance.now() - started) / ENTITIES) * 1_000);
    }
  for (const [name, values] of times) console.log(`${name}: ${median(values).toFixed(1)} µs`);
} finally {
  redis.disconnect();
  await server.stop();
}
