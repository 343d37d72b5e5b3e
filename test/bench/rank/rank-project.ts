import { join } from 'node:path';
import type { PreparedProject } from '../predict/prepare.ts';

export const USERS = 100;
export const AD_COLUMN = 515;
export const STATS_COLUMN = AD_COLUMN + 514;
export const COMPUTED_COLUMN = STATS_COLUMN + 3;
/** Columns of the tensor: of the user 515, of the ad 514 and 3, then six that are computed. */
export const WIDTH = COMPUTED_COLUMN + 6;

export const RANK_PROJECT: PreparedProject = {
  config: join(import.meta.dirname, 'larder.config.ts'),
  entities: { ad: 2_000, user: USERS },
  model: 'ad_rank',
  output: 'rank',
  width: WIDTH,
  features: [
    'user_profile:taste',
    'user_profile:age',
    'user_profile:spend',
    'user_profile:sessions',
    'ad_image:embedding',
    'ad_image:brightness',
    'ad_image:colourfulness',
    'ad_stats:impressions',
    'ad_stats:clicks',
    'ad_stats:ctr',
    'moment:hour_sin',
    'moment:hour_cos',
    'mood:per_session',
    'mood:in_feed',
    'match:appeal',
    'match:worth',
  ],
};
