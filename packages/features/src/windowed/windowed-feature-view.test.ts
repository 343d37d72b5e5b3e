import { describe, expect, test } from 'vitest';
import { sqlSource } from '@larder/sources';
import { entity } from '../definition/entity.ts';
import { f, type Fields } from '../definition/field.ts';
import { project } from '../definition/project.ts';
import { buildManifest } from '../manifest/build-manifest.ts';
import { parseManifest } from '../manifest/parse-manifest.ts';
import { collectDefinitions } from '../project/collect-definitions.ts';
import { validateDefinitions } from '../validate/validate-definitions.ts';
import { approximateDistinct, count, last, mean, sum } from './aggregate.ts';
import { eventSource, type EventSourceOptions } from './event-source.ts';
import { windowedFeatureView } from './windowed-feature-view.ts';

const ad = entity('ad', { ad_id: f.string() });
const schema = {
  ad_id: f.string(),
  kind: f.string(),
  bid: f.float32(),
  clicks: f.int64(),
  at: f.timestamp(),
};
const backfill = sqlSource({ connection: 'ads', query: 'select 1' });
const adEvents = eventSource('ad_events', { schema, retention: '400d', backfill });

function statsOf(changes: Record<string, unknown> = {}) {
  const options = {
    version: 1,
    entity: ad,
    source: adEvents,
    windows: ['1h', { window: '7d', hop: '1d' }],
    aggregates: { clicks: sum('clicks') },
    ...changes,
  };
  return windowedFeatureView('ad_stats', options as never);
}

function manifestOf(view: ReturnType<typeof statsOf>) {
  const hashes = { artifacts: new Map(), code: { computations: new Map(), onDemand: new Map() } };
  return buildManifest(project('ads'), collectDefinitions({ view }), hashes);
}

async function problemsOf(exports: Record<string, unknown>): Promise<string[]> {
  const errors = await validateDefinitions(project('ads'), collectDefinitions(exports), {
    root: import.meta.dirname,
    artifactsMayBeAbsent: false,
  });
  return errors.map(({ pointer, detail }) => `${pointer} ${detail}`);
}

describe('the manifest of a windowed feature view', () => {
  test('has its event source, windows and aggregates, and features aggregate by aggregate', () => {
    const view = statsOf({
      aggregates: {
        clicks: sum('clicks', { where: { kind: 'click', bid: { gte: 0.1 }, clicks: [1n, 2n] } }),
        shown: count(),
      },
    });
    const manifest = manifestOf(view);
    expect(manifest.connections).toEqual(['ads']);
    expect(manifest.event_sources?.['ad_events']).toMatchObject({
      name: 'ad_events',
      retention_ms: 400 * 86_400_000,
      backfill: { kind: 'sql', query: 'select 1' },
    });
    const made = manifest.feature_views['ad_stats@1'];
    expect(made?.schema.map(({ name, type }) => `${name} ${type}`)).toEqual([
      'clicks_1h float64',
      'clicks_7d float64',
      'shown_1h float64',
      'shown_7d float64',
    ]);
    expect(made?.windowed).toEqual({
      event_source: 'ad_events',
      windows: [
        { name: '1h', window_ms: 3_600_000, hop_ms: 300_000 },
        { name: '7d', window_ms: 604_800_000, hop_ms: 86_400_000 },
      ],
      aggregates: [
        {
          name: 'clicks',
          function: 'sum',
          field: 'clicks',
          where: [
            { field: 'bid', operator: 'gte', values: [Math.fround(0.1)] },
            { field: 'clicks', operator: 'in', values: ['1', '2'] },
            { field: 'kind', operator: 'in', values: ['click'] },
          ],
        },
        { name: 'shown', function: 'count', field: null, where: [] },
      ],
    });
    expect(parseManifest(JSON.parse(JSON.stringify(manifest)))).toEqual(manifest);
  });

  test('has a fingerprint over windows, aggregates and filters', () => {
    const fingerprints = [
      {},
      { windows: ['1h', { window: '7d', hop: '7h' }] },
      { aggregates: { clicks: mean('clicks') } },
      { aggregates: { clicks: sum('bid') } },
      { aggregates: { clicks: sum('clicks', { where: { kind: 'click' } }) } },
      { source: eventSource('other_events', { schema }) },
    ].map((changes) => manifestOf(statsOf(changes)).feature_views['ad_stats@1']?.fingerprint);
    expect(new Set(fingerprints).size).toBe(fingerprints.length);
  });

  test('is without event sources when there are none', () => {
    const { event_sources } = buildManifest(project('ads'), collectDefinitions({ ad }), {
      artifacts: new Map(),
      code: { computations: new Map(), onDemand: new Map() },
    });
    expect(event_sources).toBeUndefined();
  });
});

describe('problems of a windowed feature view', () => {
  test('a valid one has none', async () => {
    expect(
      await problemsOf({
        view: statsOf({
          windows: ['2m', '1h', { window: '1d', hop: '1h' }],
          aggregates: {
            clicks: sum('clicks', { where: { at: { gte: new Date(0) } } }),
            kinds: approximateDistinct('kind'),
            bid: last('bid'),
          },
        }),
      }),
    ).toEqual([]);
  });

  test.each([
    [{ source: backfill }, '/source must be an event source'],
    [{ windows: [] }, '/windows must have at least one window'],
    [{ windows: ['week'] }, "/windows/0 'week' must be a whole number and a unit"],
    [{ windows: ['1.5h'] }, "/windows/0 '1.5h' must be a whole number and a unit"],
    [{ windows: ['1h', '1h'] }, "/windows/1 '1h' is there twice"],
    [{ windows: ['1m'] }, "/windows/0 the hop of '1m' is 5 s; it must be at least 10 s"],
    [{ windows: [{ window: '1h', hop: '7m' }] }, "/windows/0 '1h' must be a multiple of its hop (7m)"],
    [{ windows: [{ window: '1h', hop: 'x' }] }, "/windows/0 the hop of '1h' must be a duration"],
    [{ windows: [{ window: '1d', hop: '1m' }] }, "/windows/0 '1d' has 1440 hops; at most 1000"],
    [{ windows: ['400d'] }, "/windows/0 '400d' and its hop are longer than event source 'ad_events' keeps"],
    [{ aggregates: {} }, '/aggregates must have at least one'],
    [{ aggregates: { n: 'count' } }, '/aggregates/n must be an aggregate'],
    [{ aggregates: { n: sum('shown') } }, "/aggregates/n event source 'ad_events' has no field 'shown'"],
    [{ aggregates: { n: sum('kind') } }, "/aggregates/n cannot read 'kind', which is string; sum reads"],
    [
      { aggregates: { n: count({ where: { knd: 'x' } }) } },
      "/aggregates/n/where/knd event source 'ad_events' has no field",
    ],
    [{ aggregates: { n: count({ where: { kind: 1 } }) } }, '/aggregates/n/where/kind must be a string'],
    [
      { aggregates: { n: count({ where: { kind: [] } }) } },
      '/aggregates/n/where/kind must have at least one',
    ],
    [
      { aggregates: { n: count({ where: { kind: { gte: 'a' } as never } }) } },
      '/aggregates/n/where/kind has no limits: it is string',
    ],
    [
      { entity: entity('ad', { ad_id: f.int64() }) },
      "/entity join key 'ad_id' and the field of event source 'ad_events' have different types",
    ],
    [
      { entity: entity('ad_id', {}) },
      "/entity 'ad_id' has no join keys, and event source 'ad_events' has a field of its name",
    ],
    [
      { entity: entity('campaign', { campaign_id: f.string() }) },
      "/entity join key 'campaign_id' is not a field of event source 'ad_events'",
    ],
  ])('%o', async (changes, expected) => {
    const errors = await problemsOf({ view: statsOf(changes) });
    expect(errors).toContainEqual(expect.stringContaining(`/feature_views/ad_stats@1${expected}`));
  });
});

describe('problems of an event source', () => {
  test.each([
    [{ schema: {} }, '/schema must have at least one field'],
    [{ schema: { event_id: f.string() } }, "/schema/event_id 'event_id' is a column of every event"],
    [{ schema: { v: f.vector(2) } }, '/schema/v cannot be vector'],
    [{ schema: { n: f.float64().default(0) } }, '/schema/n cannot have a default'],
    [{ retention: '1h' }, '/retention must be at least 1d'],
    [{ retention: 'long' }, "/retention 'long' must be 'forever' or a duration"],
    [{ backfill: sqlSource({ connection: 'ads', query: '' }) }, '/backfill/query is empty'],
  ])('%o', async (changes, expected) => {
    const source = eventSource('ad_events', { schema, ...changes } as EventSourceOptions<Fields>);
    expect(await problemsOf({ source })).toContainEqual(
      expect.stringContaining(`/event_sources/ad_events${expected}`),
    );
  });

  test('it has a name of its own', async () => {
    expect(await problemsOf({ view: statsOf(), other: eventSource('ad_stats', { schema }) })).toEqual([
      expect.stringContaining("view 'ad_stats' is defined more than once"),
    ]);
  });
});
