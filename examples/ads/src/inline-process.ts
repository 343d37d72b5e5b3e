import { parseArgs } from 'node:util';
import { startInlineService } from './inline-service.ts';

/** Runs the plain service as a separate process: `node src/inline-process.ts --database-url <url> [--port <n>]`; prints its address. */
const { values } = parseArgs({ options: { 'database-url': { type: 'string' }, port: { type: 'string' } } });
const databaseUrl = values['database-url'];
if (databaseUrl === undefined)
  throw new Error('--database-url is missing: the database that seedAds filled.');

const service = await startInlineService({
  databaseUrl,
  ...(values.port !== undefined && { port: Number(values.port) }),
});
console.log(service.url);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void service.close());
