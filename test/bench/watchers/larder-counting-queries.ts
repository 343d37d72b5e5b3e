import { createLogger } from '@larder/core';
import { readConfig, startInference } from '@larder/inference';
import pg from 'pg';
import { report } from '../predict/server-process.ts';

let queries = 0;
const { query } = pg.Client.prototype;
pg.Client.prototype.query = function (this: pg.Client, ...args: unknown[]) {
  queries += 1;
  return Reflect.apply(query, this, args) as unknown;
} as typeof query;

const config = readConfig();
const inference = await startInference(config, createLogger('bench', { level: config.logLevel }));
// the queries that the process has sent since its start
report(inference.url, async () => queries);
