/*
 * For docs/adr/0002-raw-handler-for-predict.md: the same handler as the last route of an Express app with the same
 * middleware. It still reads its own body; express.json would cost more.
 */
import { createLogger } from '@larder/core';
import { readConfig, startInference } from '@larder/inference';
import express from 'express';
import helmet from 'helmet';
import { report } from './server-process.ts';

const config = readConfig();
const inference = await startInference(config, createLogger('bench', { level: config.logLevel }), {
  compose(predict, app) {
    const front = express();
    front.disable('x-powered-by');
    front.use(helmet());
    front.post(['/v1/models/:model/predict', '/v1/models/:model/predict-batch'], (request, response) => {
      predict(request, response);
    });
    front.use(app);
    return front;
  },
});
report(inference.url);
