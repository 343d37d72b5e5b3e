import { imageFeatures, textInPictures } from '@larder/extractors';
import {
  artifact,
  entity,
  eventSource,
  f,
  featureView,
  model,
  onDemandFeatureView,
  precomputedPredictions,
  project,
  runTime,
  sum,
  windowedFeatureView,
} from '@larder/features';
import { sqlSource } from '@larder/sources';

export default project('ads', { allowedHosts: ['127.0.0.1'] });

export const ad = entity('ad', { ad_id: f.string() });

/** Slow: every new picture goes through a network. Workers compute it ahead of time, in batches; requests only read it. */
export const adImage = featureView('ad_image', {
  version: 1,
  entity: ad,
  ttl: 'forever',
  schedule: '0 4 * * *',
  source: sqlSource({
    connection: 'ads',
    query: 'select ad_id, image_url, updated_at as event_timestamp from ads',
  }),
  compute: imageFeatures({ encoder: artifact('models/encoder') }),
  schema: { embedding: f.vector(512), brightness: f.float32(), colourfulness: f.float32() },
});

/** Slower still: the words on the picture, found by one network and read by another. */
export const adText = featureView('ad_text', {
  version: 1,
  entity: ad,
  ttl: 'forever',
  schedule: '0 4 * * *',
  source: adImage.source,
  compute: textInPictures(),
  schema: {
    text_area_share: f.float32(),
    word_count: f.float32(),
    has_price: f.bool(),
    has_percent: f.bool(),
    text: f.string(),
  },
});

/** How often an ad was shown and clicked, as it happens. The past comes from `ad_days`, one event for each day. */
export const adEvents = eventSource('ad_events', {
  schema: { ad_id: f.string(), impressions: f.int64().safe(), clicks: f.int64().safe() },
  retention: '400d',
  backfill: sqlSource({
    connection: 'ads',
    query: `
      select ad_id || '/' || day as event_id, ad_id, impressions, clicks,
             day::timestamptz as event_timestamp, (day + 1)::timestamptz as known_at
        from ad_days
       where day < current_date`,
    createdTimestampColumn: 'known_at',
  }),
});

/** Up to date at every request: the last hour, and the last seven full days with today. */
export const adStats = windowedFeatureView('ad_stats', {
  version: 1,
  entity: ad,
  source: adEvents,
  windows: ['1h', { window: '7d', hop: '1d' }],
  aggregates: { impressions: sum('impressions'), clicks: sum('clicks') },
});

/** Cheap: computed while the request waits. Midnight is close to 23:00, and Sunday to Monday. */
export const moment = onDemandFeatureView('moment', {
  request: { requested_at: f.timestamp() },
  schema: {
    hour_sin: f.float32(),
    hour_cos: f.float32(),
    weekday_sin: f.float32(),
    weekday_cos: f.float32(),
  },
  compute: ({ request: { requested_at: at } }) => {
    const hour = ((at.getUTCHours() + at.getUTCMinutes() / 60) / 24) * 2 * Math.PI;
    const weekday = (at.getUTCDay() / 7) * 2 * Math.PI;
    return {
      hour_sin: Math.sin(hour),
      hour_cos: Math.cos(hour),
      weekday_sin: Math.sin(weekday),
      weekday_cos: Math.cos(weekday),
    };
  },
});

/** Combines both worlds in one function: the request and what is known about the ad. */
export const offer = onDemandFeatureView('offer', {
  request: { bid: f.float64(), placement: f.string() },
  features: [adStats],
  schema: {
    log_bid: f.float32(),
    expected_click_rate: f.float32(),
    experience: f.float32(),
    in_feed: f.bool(),
    in_story: f.bool(),
    in_sidebar: f.bool(),
    in_search: f.bool(),
  },
  compute: ({ request: { bid, placement }, features: { ad_stats: stats } }) => ({
    log_bid: Math.log(Math.max(bid, 0.01)),
    // As if every ad had started with 100 impressions and 3 clicks: a new ad counts as average.
    expected_click_rate: (stats.clicks_7d + 3) / (stats.impressions_7d + 100),
    experience: Math.log1p(stats.impressions_7d),
    in_feed: placement === 'feed',
    in_story: placement === 'story',
    in_sidebar: placement === 'sidebar',
    in_search: placement === 'search',
  }),
});

/** All of these, in this order, are the model's input: one float32 tensor [N, 531]. */
export const adCtr = model('ad_ctr', {
  features: [
    adImage,
    adText.pick('word_count', 'text_area_share', 'has_price', 'has_percent'),
    adStats.pick('impressions_7d', 'clicks_7d'),
    moment,
    offer,
  ],
  output: { ctr: f.float32() },
  artifact: artifact('models/ad_ctr'),
  // The simulated audience clicks at once; people need hours or days.
  label: { name: 'clicked', horizon: '5s', onSilence: 'negative' },
});

/**
 * Every ad scored ahead, for pages that sort all of them: as ad_image and ad_text land, with the windows of that moment, and
 * all of them again an hour after the pictures. A request that asks for it gets this score, with its age.
 */
export const adScores = precomputedPredictions('ad_scores', {
  version: 1,
  model: adCtr,
  ttl: '36h',
  schedule: '0 5 * * *',
  request: { requested_at: runTime(), placement: 'feed', bid: 1 },
});
