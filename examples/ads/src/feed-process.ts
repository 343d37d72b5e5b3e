import { parseArgs } from 'node:util';
import { startFeed } from './feed.ts';

/** Runs the feed as a separate process: `node feed-process.ts --folder <pictures> [--port <n>]`; prints its address. */
const { values } = parseArgs({ options: { folder: { type: 'string' }, port: { type: 'string' } } });
if (values.folder === undefined) throw new Error('--folder is missing: the folder that drawPictures filled.');

const feed = await startFeed({
  folder: values.folder,
  ...(values.port !== undefined && { port: Number(values.port) }),
});
console.log(feed.url);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void feed.close());
