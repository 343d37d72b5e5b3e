import { entity, f, featureView, project } from '@larder/features';
import { sqlSource } from '@larder/sources';

const account = entity('account', { account_id: f.string() });

const view = (name: string) =>
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

export { account };
export default project('bench');
