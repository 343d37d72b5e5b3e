/* Larder without the prediction log: the floor of log-cost. */
import { createLogger } from '@larder/core';
import { readConfig, startInference } from '@larder/inference';
import { report } from './server-process.ts';

const config = readConfig();
const logger = createLogger('bench', { level: config.logLevel });
const inference = await startInference(config, logger, { logPredictions: false });
report(inference.url);
