import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { nextVersion, type NextVersion, type NotEditable } from './next-version.ts';

const ROOT = resolve(import.meta.dirname, '../../../..');

function edited(result: NextVersion | NotEditable): NextVersion {
  if ('problem' in result) throw new Error(result.problem);
  return result;
}

const CONFIG = `import { entity, featureView } from 'larderjs'; // the rest is as you like it

export const ad   = entity('ad', { ad_id: f.string() });

/** Slow. */
export const adImage = featureView('ad_image', {
  version: 1,   // bump me
  entity: ad as Entity<'ü😀'>,
  compute: computeWith(import.meta.url, () => import("./src/light.ts")),
}) satisfies View;

export const adText = featureView('ad_text', { version: 3, source: adImage.source });
export const offer = onDemandFeatureView('offer', { features: [adImage.pick('brightness')], other: { adImage } });
export const adCtr = model('ad_ctr', { features: [adImage, adText], names: { adImage: 1 } });
type Row = RowOf<typeof adImage>;
`;

test('the next version takes the name, the old one stays as a second export that everything keeps reading', () => {
  const next = edited(nextVersion(CONFIG, { view: 'ad_image', version: 2 }));
  expect(next).toMatchObject({ name: 'adImage', oldName: 'adImageV1', oldVersion: 1 });
  expect(next.modules).toEqual([{ from: './src/light.ts', to: './src/light-v1.ts' }]);
  expect(next.text).toBe(`import { entity, featureView } from 'larderjs'; // the rest is as you like it

export const ad   = entity('ad', { ad_id: f.string() });

/** Slow. */
export const adImage = featureView('ad_image', {
  version: 2,   // bump me
  entity: ad as Entity<'ü😀'>,
  compute: computeWith(import.meta.url, () => import("./src/light.ts")),
}) satisfies View;

/** Version 1, for what reads it until adImage is filled. Then remove it. */
export const adImageV1 = featureView('ad_image', {
  version: 1,   // bump me
  entity: ad as Entity<'ü😀'>,
  compute: computeWith(import.meta.url, () => import("./src/light-v1.ts")),
}) satisfies View;

export const adText = featureView('ad_text', { version: 3, source: adImageV1.source });
export const offer = onDemandFeatureView('offer', { features: [adImageV1.pick('brightness')], other: { adImage: adImageV1 } });
export const adCtr = model('ad_ctr', { features: [adImageV1, adText], names: { adImage: 1 } });
type Row = RowOf<typeof adImage>;
`);
});

test('both versions of a windowed view read one event source, whose name is taken', () => {
  const text = `export const clicks = eventSource('clicks', { schema });
export const totals = windowedFeatureView('totals', { version: 1, source: clicks });
`;
  const next = edited(nextVersion(text, { view: 'totals', version: 2 }));
  expect(next).toMatchObject({ oldName: 'totalsV1', source: null, sharedSource: 'clicks' });
  expect(next.text).toBe(`export const clicks = eventSource('clicks', { schema });
export const totals = windowedFeatureView('totals', { version: 2, source: clicks });

/** Version 1, for what reads it until totals is filled. Then remove it. */
export const totalsV1 = windowedFeatureView('totals', { version: 1, source: clicks });
`);
});

const ORDERS = `export const orders = sqlSource({ connection: 'shop', query: 'select 1' });
export const totals = featureView('totals', {
  version: 1,
  source: orders,
});
`;

test('a source constant that only the view uses is copied for the old version', () => {
  const next = edited(nextVersion(ORDERS, { view: 'totals', version: 2 }));
  expect(next).toMatchObject({ source: { name: 'orders', oldName: 'ordersV1' }, sharedSource: null });
  expect(next.text).toBe(`export const orders = sqlSource({ connection: 'shop', query: 'select 1' });
export const totals = featureView('totals', {
  version: 2,
  source: orders,
});

export const ordersV1 = sqlSource({ connection: 'shop', query: 'select 1' });

/** Version 1, for what reads it until totals is filled. Then remove it. */
export const totalsV1 = featureView('totals', {
  version: 1,
  source: ordersV1,
});
`);
  const third = edited(nextVersion(next.text, { view: 'totals', version: 3 }));
  expect(third.source).toEqual({ name: 'orders', oldName: 'ordersV2' });
});

test.for([
  ['another view', `${ORDERS}export const other = featureView('other', { version: 1, source: orders });`],
  ['another module', ORDERS.replace(/^.*\n/, "import { orders } from './sources.ts';\n")],
] as const)('a source constant of %s is named, and stays shared', ([, text]) => {
  const next = edited(nextVersion(text, { view: 'totals', version: 2 }));
  expect(next).toMatchObject({ source: null, sharedSource: 'orders' });
  expect(next.text.match(/source: orders,/g)).toHaveLength(2);
});

test('models and on-demand views move when asked; other views keep their source', () => {
  const { text } = edited(nextVersion(CONFIG, { view: 'ad_image', version: 2, moveModels: true }));
  expect(text).toContain("model('ad_ctr', { features: [adImage, adText]");
  expect(text).toContain("features: [adImage.pick('brightness')]");
  expect(text).toContain('source: adImageV1.source');
});

test('of several versions the newest is copied', () => {
  const second = edited(nextVersion(CONFIG, { view: 'ad_image', version: 2 })).text;
  const third = edited(nextVersion(second, { view: 'ad_image', version: 3 }));
  expect(third).toMatchObject({ oldName: 'adImageV2', oldVersion: 2 });
  expect(third.text.match(/version: \d/g)).toEqual(['version: 3', 'version: 2', 'version: 1', 'version: 3']);
  expect(third.text).toContain('features: [adImageV1, adText]');
});

test.for([
  [
    'no literal',
    `const version = 1; export const a = featureView('ad_image', { version });`,
    /plain literal/,
  ],
  ['a helper', `export const a = pictures('ad_image', 1);`, /plain literal/],
  ['another view', `export const a = featureView('ad_text', { version: 1 });`, /plain literal/],
  ['exported by a list as well', `${CONFIG}\nexport { adImage as other };`, /second time/],
  ['shadowed', `${CONFIG}\nconst all = (adImage) => adImage;`, /second time/],
  ['a name that is taken', `${CONFIG}\nconst adImageV1 = 1;`, /is taken/],
  ['a taken name of a source', `${ORDERS}const ordersV1 = 1;`.replace("'totals'", "'ad_image'"), /is taken/],
  ['not TypeScript', 'export const = 1', /cannot be parsed/],
] as const)('%s is not edited', ([, text, problem]) => {
  expect(nextVersion(text, { view: 'ad_image', version: 2 })).toEqual({
    problem: expect.stringMatching(problem) as string,
  });
});

test('the ads example keeps what it is, but for the new version', () => {
  const text = readFileSync(resolve(ROOT, 'examples/ads/larder.config.ts'), 'utf8');
  const next = edited(nextVersion(text, { view: 'ad_stats', version: 2 }));
  const lines = next.text.split('\n');
  const kept = text.split('\n').filter((line) => lines.includes(line));
  expect(text.split('\n').length - kept.length).toBeLessThanOrEqual(3);
  expect(next).toMatchObject({ source: null, sharedSource: 'adEvents' });
  expect(next.text).toContain("adStatsV1.pick('impressions_7d', 'clicks_7d')");
  expect(next.text).toContain('features: [adStatsV1],');
});
