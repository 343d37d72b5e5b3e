import { entity, f, featureView, onDemandFeatureView, project } from '@larder/features';
import { sqlSource } from '@larder/sources';

const account = entity('account', { account_id: f.string() });

const view = <const Name extends string>(name: Name) =>
  featureView(name, {
    version: 1,
    entity: account,
    ttl: 'forever',
    source: sqlSource({ connection: 'shop', query: `select *, updated_at as event_timestamp from ${name}` }),
    schema: {
      basket_mean: f.float32(),
      basket_last: f.float32(),
      risk: f.float64(),
      orders: f.int64(),
      is_member: f.bool(),
    },
  });

export const stats1 = view('stats_1');
export const stats2 = view('stats_2');
export const stats3 = view('stats_3');
export const stats4 = view('stats_4');
export const stats5 = view('stats_5');

export const basket = onDemandFeatureView('basket', {
  request: { amount: f.float64() },
  features: [stats1.pick('basket_mean', 'basket_last', 'orders'), stats2.pick('risk')],
  schema: {
    share_of_mean: f.float32(),
    share_of_last: f.float32(),
    amount_log: f.float32(),
    is_first: f.bool().default(true),
    weighted_risk: f.float64(),
  },
  compute: ({ request: { amount }, features: { stats_1: stats, stats_2: other } }) => ({
    share_of_mean: stats.basket_mean === null ? null : amount / (1 + stats.basket_mean),
    share_of_last: stats.basket_last === null ? null : amount / (1 + stats.basket_last),
    amount_log: Math.log1p(amount),
    is_first: stats.orders === null ? null : stats.orders === 0n,
    weighted_risk: other.risk === null ? null : other.risk * amount,
  }),
});

export { account };
export default project('bench');
