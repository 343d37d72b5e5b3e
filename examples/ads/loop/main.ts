import { cp, mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { adCtr } from '../larder.config.ts';
import { runLoop } from './run-loop.ts';

/** `npm run train -w @larder/example-ads`: from shown ads to a promoted model. */
const USAGE = `usage: npm run train -w @larder/example-ads -- [--ads N] [--impressions N] [--compare] [--write]

  --ads N          ads to show; every fifth is kept for the test [300]
  --impressions N  of each ad [120]
  --compare        also train without the pictures, and print what they bring
  --write          keep the trained model as the example's own, models/ad_ctr`;

const { values } = parseArgs({
  options: {
    ads: { type: 'string', default: '300' },
    impressions: { type: 'string', default: '120' },
    compare: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
const [ads, impressionsPerAd] = [Number(values.ads), Number(values.impressions)];
if (values.help || !(ads >= 10) || !(impressionsPerAd >= 1)) {
  console.log(USAGE);
  process.exit(values.help ? 0 : 2);
}
const folder = resolve(import.meta.dirname, '../../../.larder/ads-loop');
await mkdir(folder, { recursive: true });
const { compare } = values;
const result = await runLoop({ folder, ads, impressionsPerAd, compare, say: (line) => console.log(line) });
const { version, auc, artifact, trainingSet } = result;
console.log(`\nad_ctr@${version} answers: AUC ${auc.toFixed(3)}, trained on ${trainingSet.training_set_id}`);
if (values.write) {
  const own = join(import.meta.dirname, '..', adCtr.artifact.path);
  await cp(artifact, own, { recursive: true });
  console.log(`written to ${own}`);
}
