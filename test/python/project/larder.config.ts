import { artifact, entity, f, featureView, model, onDemandFeatureView, project } from '@larder/features';
import { sqlSource } from '@larder/sources';

export default project('shop');

export const customer = entity('customer', { customer_id: f.string() });

/** What a customer did in the four weeks before; a row a week. */
export const activity = featureView('activity', {
  version: 1,
  entity: customer,
  ttl: '14d',
  source: sqlSource({
    connection: 'shop',
    query: 'select customer_id, orders, spent, premium, taste, week as event_timestamp from customer_weeks',
  }),
  schema: {
    orders: f.float32(),
    spent: f.float64(),
    premium: f.bool(),
    taste: f.vector(2),
  },
});

/** The plan of a customer, and how often they logged in in that week. */
export const account = featureView('account', {
  version: 1,
  entity: customer,
  ttl: '14d',
  source: sqlSource({
    connection: 'shop',
    query: 'select customer_id, plan, logins, week as event_timestamp from customer_weeks',
  }),
  schema: { plan: f.string(), logins: f.int64() },
});

export const season = onDemandFeatureView('season', {
  request: { asked_at: f.timestamp() },
  schema: { weekday: f.float32() },
  compute: ({ request }) => ({ weekday: request.asked_at.getUTCDay() }),
});

export const churn = model('churn', {
  features: [activity.pick('orders', 'spent', 'premium', 'taste'), season],
  output: { probability: f.float32() },
  artifact: artifact('models/churn'),
});
