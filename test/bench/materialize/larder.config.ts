import { entity, f, featureView, project } from '@larder/features';
import { sqlSource } from '@larder/sources';

const account = entity('account', { account_id: f.string() });

/** Ten features of every fixed type and text, straight from columns. */
export const accountStats = featureView('account_stats', {
  version: 1,
  entity: account,
  ttl: 'forever',
  source: sqlSource({
    connection: 'shop',
    query: 'select *, updated_at as event_timestamp from account_stats',
  }),
  schema: {
    basket_mean: f.float32(),
    basket_last: f.float32(),
    balance: f.float64(),
    risk: f.float64(),
    orders: f.int64(),
    orders_30d: f.int64().safe(),
    is_member: f.bool(),
    country: f.string(),
    plan: f.string(),
    last_order_at: f.timestamp(),
  },
});

export { account };
export default project('bench');
