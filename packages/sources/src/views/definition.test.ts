import { entity, f, featureView, type FeatureView } from '@larder/features';
import { expect, test } from 'vitest';
import { sqlSource } from '../index.ts';
import { fromViews } from './definition.ts';

const ad = entity('ad', { ad_id: f.string() });
const common = {
  version: 1,
  entity: ad,
  ttl: 'forever',
  source: sqlSource({ connection: 'ads', query: 'select 1' }),
} as const;
const adImage = featureView('ad_image', {
  ...common,
  version: 3,
  schema: { embedding: f.vector(2), brightness: f.float32() },
});
const adText = featureView('ad_text', { ...common, schema: { words: f.int64(), brightness: f.float32() } });
const userStats = featureView('user_stats', {
  ...common,
  entity: entity('user', { user_id: f.int64() }),
  schema: { clicks: f.int64() },
});

const COMPUTED = { kind: 'module', options: {}, artifacts: {}, load: async () => never() } as const;
const never = (): never => {
  throw new Error('not loaded here');
};

function texts(source: ReturnType<typeof fromViews>, view: Partial<FeatureView> = {}): string[] {
  return source
    .problems({ entity: ad, schema: {}, compute: COMPUTED, ...view })
    .map(({ path, detail }) => `${path.join('/')} ${detail}`);
}

test('names the versions and features that it reads', () => {
  const source = fromViews([adImage.pick('embedding'), adText]);
  expect(JSON.stringify(source.manifest)).toBe(
    '{"kind":"views","views":[{"view":"ad_image","version":3,"features":["embedding"]},{"view":"ad_text","version":1,"features":["words","brightness"]}],"require":"all","event_timestamp_column":"event_timestamp","created_timestamp_column":"created_timestamp"}',
  );
  expect(source).toMatchObject({ kind: 'views', connection: null });
  expect(texts(source)).toEqual([]);
  expect(fromViews([adText], { require: 'any' }).manifest.require).toBe('any');
});

test('keeps the views that it was given', () => {
  const views: [FeatureView] = [adText];
  const source = fromViews(views);
  views[0] = adImage;
  expect(source.views).toEqual([adText]);
});

test('reports every problem of its views', () => {
  expect(texts(fromViews([] as never))).toEqual([
    "views must be a list of at least one feature view, such as [adImage.pick('embedding')].",
  ]);
  expect(texts(fromViews([adImage, adText]))).toEqual([
    "views/1 'brightness' is a feature of both 'ad_image' and 'ad_text'; pick() it from one of them.",
  ]);
  expect(texts(fromViews([adImage.pick('embedding'), adImage.pick('brightness'), userStats]))).toEqual([
    "views/1 'ad_image' is listed more than once; pick all of its features in one entry.",
    "views/2 'user_stats' has entity 'user'; a view is computed from views of its own entity ('ad').",
  ]);
  expect(
    texts(fromViews([null as never, adText.pick('colour' as never)], { require: 'some' as never })),
  ).toEqual([
    "require must be 'all' or 'any'.",
    'views/0 must be a feature view or a pick of one.',
    "views/1 'ad_text' has no feature 'colour'; it has words, brightness.",
  ]);
});

test('without a computation, the columns are the features', () => {
  const source = fromViews([adImage.pick('embedding'), adText.pick('words')]);
  const plain = (schema: FeatureView['schema']) => texts(source, { schema, compute: null });
  expect(plain({ words: f.int64(), embedding: f.vector(2) })).toEqual([]);
  expect(plain({ words: f.float32(), embedding: f.vector(3), colour: f.string() })).toEqual([
    "views feature 'words' is float32 here and int64 in 'ad_text'.",
    "views feature 'embedding' is vector(3) here and vector(2) in 'ad_image'.",
    "views none of the views gives feature 'colour'; they give embedding, words.",
  ]);
});
