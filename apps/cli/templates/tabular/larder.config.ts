import {
  artifact,
  computeWith,
  entity,
  f,
  featureView,
  folderSource,
  model,
  onDemandFeatureView,
  project,
} from 'larderjs';

// Name of the project, which is part of every table, key and metric.
export default project('my_project');

// The thing that features describe. A customer's id is the path of its file below the folder: `anna.csv`.
export const customer = entity('customer', { customer_id: f.string() });

// A file of orders per customer, so that this runs without a database. For a table, leave out `compute` below and select
// the features as columns; its address is LARDER_CONNECTION_SHOP_URL:
//   sqlSource({ connection: 'shop', query: 'select customer_id, count(*) as order_count, … as event_timestamp from …' })
export const orders = folderSource({ folder: 'orders', key: 'customer_id', extensions: ['.csv'] });

/** Workers compute it ahead of requests, once per file. Edit src/order-totals.ts; outside `larder dev`, also bump the version. */
export const orderTotals = featureView('order_totals', {
  version: 1,
  entity: customer,
  ttl: 'forever',
  source: orders,
  compute: computeWith(import.meta.url, () => import('./src/order-totals.ts')),
  schema: { order_count: f.float32(), mean_amount: f.float32(), last_order_at: f.timestamp() },
});

const DAY_MS = 86_400_000;

/** Computed while the request waits, from the request and from features of the customer. */
export const basket = onDemandFeatureView('basket', {
  request: { now: f.timestamp(), amount: f.float64() },
  features: [orderTotals.pick('mean_amount', 'last_order_at')],
  schema: { days_since_order: f.float32(), relative_amount: f.float32() },
  compute: ({ request, features: { order_totals: totals } }) => ({
    // Unknown without orders.
    days_since_order:
      totals.last_order_at === null
        ? null
        : (request.now.getTime() - totals.last_order_at.getTime()) / DAY_MS,
    relative_amount: totals.mean_amount === null ? null : request.amount / totals.mean_amount,
  }),
});

/** Its input is one tensor with all these features, in this order. Replace model.onnx and golden.json with your own. */
export const purchase = model('purchase', {
  features: [orderTotals.pick('order_count', 'mean_amount'), basket],
  output: { probability: f.float32() },
  artifact: artifact('models/purchase'),
});
