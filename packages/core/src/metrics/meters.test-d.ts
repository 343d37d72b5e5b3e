import { createMeters } from './create-meters.ts';

const inference = createMeters('inference');
const worker = createMeters('worker');

inference.counter('larder_predict_rows_total')({ model: 'm', version: '1' });
worker.counter('larder_rows_total')({ view: 'v@1', outcome: 'done' });
// @ts-expect-error not in the table
inference.counter('larder_typo_total');
// @ts-expect-error exported by the worker
inference.counter('larder_rows_total');
// @ts-expect-error a histogram
inference.counter('larder_predict_seconds');
// @ts-expect-error without its version
inference.counter('larder_predict_rows_total')({ model: 'm' });
// @ts-expect-error with a label that it does not have
inference.counter('larder_predict_rows_total')({ model: 'm', version: '1', key: 'ad-42' });
