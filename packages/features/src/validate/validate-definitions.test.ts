import { describe, expect, test } from 'vitest';
import { artifact } from '../artifact/artifact.ts';
import { collectDefinitions } from '../project/collect-definitions.ts';
import { entity } from '../definition/entity.ts';
import { featureView, type FeatureViewOptions } from '../definition/feature-view.ts';
import { f, type Fields } from '../definition/field.ts';
import { model } from '../definition/model.ts';
import { onDemandFeatureView } from '../on-demand/on-demand-feature-view.ts';
import { project, type ProjectOptions } from '../definition/project.ts';
import { pushSource, sqlSource } from '@larder/sources';
import { validateDefinitions } from './validate-definitions.ts';

const ad = entity('ad', { ad_id: f.string() });
const source = sqlSource({ connection: 'ads', query: 'select 1' });
const schema = { brightness: f.float32() };
const output = { ctr: f.float32() };

const COMPUTE = { kind: 'ready_made', options: {}, artifacts: {}, load: () => Promise.reject(new Error()) };

/** Any folder that exists serves as an artifact. */
const files = artifact('validate');
const root = `${import.meta.dirname}/..`;

async function errorsOf(exports: Record<string, unknown>, options?: ProjectOptions): Promise<string[]> {
  const errors = await validateDefinitions(project('ads', options), collectDefinitions(exports), {
    root,
    artifactsMayBeAbsent: false,
  });
  return errors.map(({ pointer, detail }) => `${pointer} ${detail}`);
}

/** Values that a caller without types could write. */
function loosely(options: Record<string, unknown>): Promise<string[]> {
  const whole = { version: 1, entity: ad, ttl: '1d', source, schema, ...options };
  return errorsOf({ v: featureView('v', whole as unknown as FeatureViewOptions<unknown, Fields>) });
}

test('valid definitions have no problems', async () => {
  const view = featureView('v', {
    version: 1,
    entity: ad,
    ttl: 'forever',
    source,
    schema,
    schedule: '*/15 2-4 * * MON',
  });
  expect(
    await errorsOf({ view, score: model('score', { features: [view], output, artifact: files }) }),
  ).toEqual([]);
});

describe('mistakes that the types would refuse', () => {
  test.each([
    [{ entity: undefined }, '/feature_views/v@1/entity must be an entity'],
    [{ source: undefined }, '/feature_views/v@1/source must be a source'],
    [{ schema: undefined }, '/feature_views/v@1/schema must be an object of fields'],
    [{ schema: {} }, '/feature_views/v@1/schema must have at least one field'],
    [{ schema: { a: 'float32' } }, '/feature_views/v@1/schema/a is not a field'],
    [
      { schema: { a: f.int64().default(1 as unknown as bigint) } },
      '/feature_views/v@1/schema/a/default the default must be a bigint',
    ],
    [
      { schema: { a: f.string().sensitive('secret' as 'hashed') } },
      "/feature_views/v@1/schema/a .sensitive() takes 'hashed' or 'omitted'",
    ],
    [{ ttl: 'never' }, "/feature_views/v@1/ttl 'never' must be 'forever' or a duration"],
    [{ whenGone: 'delete' }, "/feature_views/v@1/whenGone must be 'keep', 'expire' or"],
    [{ whenGone: { expire: { atMost: 2 } } }, '/feature_views/v@1/whenGone must be'],
    [
      { whenGone: 'expire', schema: { is_gone: f.bool() } },
      "/feature_views/v@1/whenGone cannot end keys: history keeps that in a column named 'is_gone'",
    ],
    [
      { partialPush: 'merge' },
      "/feature_views/v@1/partialPush must be 'refuse', 'keep' or 'null', or { default: 'keep', fields:",
    ],
    [
      { partialPush: { keep: ['a'] } },
      "/feature_views/v@1/partialPush/keep is not known; there are 'default'",
    ],
    [{ partialPush: { default: 'zero' } }, "/feature_views/v@1/partialPush/default must be 'refuse', 'keep'"],
    [{ partialPush: { fields: 'all' } }, '/feature_views/v@1/partialPush/fields must be an object'],
    [
      { partialPush: { fields: { brightness: 0 } } },
      "/feature_views/v@1/partialPush/fields/brightness must be 'refuse', 'keep' or 'null'.",
    ],
    [
      { partialPush: { fields: { darkness: 'keep' } } },
      '/feature_views/v@1/partialPush/fields/darkness is not a feature of a pushed row',
    ],
    [
      { partialPush: 'keep', schema: { kept_from: f.bool() } },
      "/feature_views/v@1/partialPush cannot be 'keep': history needs a column named 'kept_from'",
    ],
    [{ partialPush: 'null', compute: COMPUTE }, '/feature_views/v@1/partialPush makes no sense'],
    [
      {
        partialPush: { fields: { text: 'keep' } },
        compute: COMPUTE,
        source: pushSource({ schema: { text: f.string() } }),
      },
      "/feature_views/v@1/partialPush cannot be 'keep': history has the computed features",
    ],
    [
      {
        partialPush: { fields: { brightness: 'null' } },
        compute: COMPUTE,
        source: pushSource({ schema: { text: f.string() } }),
      },
      '/feature_views/v@1/partialPush/fields/brightness is not a column of a pushed row',
    ],
    [{ retention: 'long' }, "/feature_views/v@1/retention 'long' must be 'forever' or a duration"],
    [{ retention: '1h', ttl: '1h' }, '/feature_views/v@1/retention must be at least 1d.'],
    [{ freshness: 'soon' }, "/feature_views/v@1/freshness 'soon' must be a duration"],
    [{ freshness: '4d', ttl: '3d' }, '/feature_views/v@1/freshness is longer than the TTL (3d)'],
    [
      { schedule: { cron: '0 4 * * *', lateAfter: 'later' } },
      "/feature_views/v@1/schedule/lateAfter 'later' must be a duration such as '2h' or '90m'.",
    ],
    [{ retention: '2d', ttl: '3d' }, '/feature_views/v@1/retention is shorter than the TTL (3d)'],
    [{ retention: '400d', ttl: 'forever' }, '/feature_views/v@1/retention is shorter than the TTL (forever)'],
    [{ version: '1' }, '/feature_views/v@1/version must be a whole number'],
    [{ compute: () => [] }, '/feature_views/v@1/compute must be a computation'],
    [{ tags: { tier: 1 } }, '/feature_views/v@1/tags/tier must be text'],
  ])('%o', async (options, expected) => {
    expect((await loosely(options)).filter((error) => error.startsWith('/feature_views'))).toEqual([
      expect.stringContaining(expected),
    ]);
  });

  test('lists that are not lists, and lists with unknown values', async () => {
    const compute = () => ({ ctr: 1 });
    expect(
      await errorsOf({
        a: onDemandFeatureView('a', { features: 'v' as never, schema: output, compute }),
        b: model('b', { features: [{ kind: 'feature_group' }, null] as never, output, artifact: files }),
      }),
    ).toEqual([
      '/on_demand_feature_views/a/features must be a list of feature views, on-demand feature views and picks.',
      '/models/b/features/0 is not a feature view, an on-demand feature view or a pick of one.',
      '/models/b/features/1 is not a feature view, an on-demand feature view or a pick of one.',
    ]);
  });
});

test.each(['0 4 * *', '@daily', '0 0 4 * * *', '0 25 * * *', 'H 4 * * *', '', 'soon'])(
  "the schedule '%s' is refused",
  async (schedule) => {
    expect(await loosely({ schedule })).toEqual([
      expect.stringContaining(
        `/feature_views/v@1/schedule '${schedule}' is not a cron schedule of five fields`,
      ),
    ]);
  },
);

test.each([
  ['61 * * * *', '61 is not within 0 to 59.'],
  ['0 1-99 * * *', '1-99 is not within 0 to 23.'],
  ['0 4 * * foo', "'foo' is not a number, a month or a day of the week."],
  ['5-1 * * * *', null],
])("the schedule '%s' is refused in our own words", async (schedule, reason) => {
  const [problem, ...others] = await loosely({ schedule });
  expect(others).toEqual([]);
  expect(problem).toMatch(/of week\)/);
  expect(problem?.split('day of week)')[1]).toBe(reason === null ? '.' : `: ${reason}`);
});

test('a problem points to the option as it is written', async () => {
  expect(await loosely({ chunkRows: 0, availableAfter: '-1d' })).toEqual([
    expect.stringMatching(/^\/feature_views\/v@1\/availableAfter /),
    expect.stringMatching(/^\/feature_views\/v@1\/chunkRows must be a whole number/),
  ]);
});

test.each(['0 4 31 2 *', '0 0 30 2 *', '0 0 31 2,4 *'])(
  "the schedule '%s' is never due",
  async (schedule) => {
    expect(await loosely({ schedule })).toEqual([
      `/feature_views/v@1/schedule '${schedule}' is never due: no such day exists. Choose a day that a month of the schedule has.`,
    ]);
  },
);

test('every member of a schedule with a time zone is checked', async () => {
  const schedule = { cron: '0 4 * *', timeZone: 'Mars/Olympus', missed: 'twice', retries: 3 };
  expect(await loosely({ schedule })).toEqual([
    expect.stringContaining(
      "/feature_views/v@1/schedule/cron '0 4 * *' is not a cron schedule of five fields",
    ),
    "/feature_views/v@1/schedule/timeZone 'Mars/Olympus' is not a time zone; use an IANA name such as 'Europe/Berlin'.",
    "/feature_views/v@1/schedule/missed 'twice' must be 'once' or 'skip'.",
    '/feature_views/v@1/schedule/retries is not an option of a schedule; known are cron, timeZone, missed, lateAfter.',
  ]);
  expect(
    await loosely({ schedule: { cron: '0 4 29 2 *', timeZone: 'Europe/Berlin', missed: 'skip' } }),
  ).toEqual([]);
});

test('a join key may be hashed, never omitted; an output is never sensitive', async () => {
  const view = (key: 'hashed' | 'omitted') =>
    featureView('v', {
      version: 1,
      entity: entity('user', { user_id: f.string().sensitive(key) }),
      ttl: '1d',
      source,
      schema: { a: f.float32().default(1).sensitive('omitted') },
    });
  expect(await errorsOf({ v: view('hashed') })).toEqual([]);
  expect(await errorsOf({ v: view('omitted') })).toEqual([
    expect.stringMatching(/^\/entities\/user\/joinKeys\/user_id cannot be sensitive\('omitted'\): /),
  ]);
  const score = { score: f.float32().sensitive('hashed') };
  expect(
    await errorsOf({ m: model('m', { features: [view('hashed')], output: score, artifact: files }) }),
  ).toEqual([expect.stringMatching(/^\/models\/m\/output\/score cannot be sensitive: /)]);
});

test('a join key with two types is refused, also below on-demand views', async () => {
  const numbered = featureView('numbered', {
    version: 1,
    entity: entity('ad_no', { ad_id: f.int64() }),
    ttl: '1d',
    source,
    schema,
  });
  const named = featureView('named', { version: 1, entity: ad, ttl: '1d', source, schema });
  const bright = onDemandFeatureView('bright', {
    features: [numbered],
    schema,
    compute: () => ({ brightness: 1 }),
  });
  const clash = model('clash', { features: [named, bright] as never, output, artifact: files });
  expect(await errorsOf({ clash })).toEqual([
    "/models/clash/features join key 'ad_id' is string in entity 'ad' and int64 in entity 'ad_no'; give it one type or two names.",
  ]);
});

test('a request field with two types is refused, also where TypeScript sees one', async () => {
  const compute = () => ({ brightness: 1 });
  const exact = onDemandFeatureView('exact', { request: { bid: f.float64() }, schema, compute });
  const whole = onDemandFeatureView('whole', { request: { bid: f.int64().safe() }, schema, compute });
  const clash = model('clash', { features: [exact, whole.pick('brightness')], output, artifact: files });
  expect(await errorsOf({ clash })).toEqual([
    "/models/clash/features request field 'bid' is float64 in on-demand feature view 'exact' and int64().safe() in on-demand feature view 'whole'; give it one type or two names.",
  ]);
});

test('two versions of one view in one model are refused', async () => {
  const options = { entity: ad, ttl: '1d', source, schema } as const;
  const [one, two] = [
    featureView('v', { version: 1, ...options }),
    featureView('v', { version: 2, ...options }),
  ];
  expect(await errorsOf({ m: model('m', { features: [one, two], output, artifact: files }) })).toEqual([
    "/models/m/features/1 'v:brightness' is listed more than once.",
    "/models/m/features/1 'v' is read here and above as two different views or versions; read one.",
  ]);
});

test('the same name for two values is refused, the same value under two names is not', async () => {
  expect(await errorsOf({ a: ad, b: ad })).toEqual([]);
  expect(await errorsOf({ a: ad, b: entity('ad', { ad_id: f.string() }) })).toEqual([
    "/entities/ad entity 'ad' is defined more than once; share one value, or use another name or version.",
  ]);
});

test('without declared connections a source may name any', async () => {
  const view = featureView('v', { version: 1, entity: ad, ttl: '1d', source, schema });
  expect(await errorsOf({ view })).toEqual([]);
  expect(await errorsOf({ view }, { connections: [] })).toEqual([
    "/feature_views/v@1/source/connection 'ads' is not among the project's connections (none); add it to project(…, { connections }).",
  ]);
});

test.each([
  ['cdn.example.com', true],
  ['localhost:8080', true],
  ['10.0.0.1', true],
  ['[::1]:80', true],
  ['CDN.example.com', false],
  ['*.example.com', true],
  ['*.cdn.example.com:8443', true],
  ['*', true],
  ['*:8080', false],
  ['*.com', false],
  ['*.', false],
  ['cdn*.example.com', false],
  ['http://example.com', false],
  ['example.com/', false],
  ['', false],
])("the allowed host '%s': %s", async (host, ok) => {
  expect(await errorsOf({}, { allowedHosts: [host] })).toHaveLength(ok ? 0 : 1);
});

test('the horizon of event timestamps is a duration', async () => {
  expect(await errorsOf({}, { eventHorizon: '50000d' })).toEqual([]);
  expect(await errorsOf({}, { eventHorizon: '0d' })).toEqual([
    expect.stringMatching(/^\/eventHorizon '0d' must be a duration/),
  ]);
});
