import { createLogger } from '@larder/core';
import { readConfig, startInference } from '@larder/inference';
import { report } from './server-process.ts';

const config = readConfig();
const inference = await startInference(config, createLogger('bench', { level: config.logLevel }));
report(inference.url);
