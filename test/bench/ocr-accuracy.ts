import { resolve } from 'node:path';
import { createLogger } from '@larder/core';
import {
  badPicture,
  characterErrors,
  drawPictures,
  letters,
  readPictureIndex,
  startFeed,
} from '@larder/example-ads';
import { textInPictures } from '@larder/extractors';
import { artifactFolder } from '@larder/features';
import type { Bench } from './row.ts';

const MAX_ERROR_RATE = 0.05;
const BATCH = 16;
const root = resolve(import.meta.dirname, '../..');

/**
 * Character error rate: over every usable picture of the example, `characterErrors` between the feature `text`
 * and the lines that the generator wrote, divided by the letters of those lines. Spaces do not count; missed lines,
 * invented letters, capitals and punctuation do.
 */
const bench: Bench = {
  name: 'ocr-accuracy',
  what: 'character error rate of ad_text over the pictures of the example, spaces aside',
  async run(progress) {
    const folder = resolve(root, '.larder/ads');
    await drawPictures({ folder });
    const index = await readPictureIndex(folder);
    const pictures = (index?.pictures ?? []).filter((picture) => badPicture(picture.ad_id) === null);
    const feed = await startFeed({ folder });
    const { options, artifacts, load } = textInPictures();
    const module = await load();
    const computation = await module.createComputation({
      options,
      artifactPaths: Object.fromEntries(
        Object.entries(artifacts).map(([name, artifact]) => [name, artifactFolder(artifact, root) as string]),
      ),
      allowedHosts: ['127.0.0.1'],
      logger: createLogger('bench', { level: 'warn' }),
    });
    let errors = 0;
    let written = 0;
    try {
      for (let start = 0; start < pictures.length; start += BATCH) {
        const batch = pictures.slice(start, start + BATCH);
        const rows = batch.map(({ path }) => ({ image_url: `${feed.url}/${path}` }));
        const outcomes = await computation.compute(rows, new AbortController().signal);
        for (const [at, { ad_id: adId, texts }] of batch.entries()) {
          const outcome = outcomes[at];
          if (!outcome || 'failure' in outcome) throw new Error(`${adId}: ${outcome?.failure.reason}`);
          const { text } = outcome.values;
          const lines = texts.map((drawn) => drawn.text);
          errors += characterErrors(typeof text === 'string' ? text : '', lines);
          written += letters(lines.join('')).length;
        }
        progress(`${start + batch.length} of ${pictures.length}: ${errors} wrong of ${written} letters`);
      }
    } finally {
      await computation.close();
      await feed.close();
    }
    const rate = errors / written;
    return [
      {
        name: 'ocr-accuracy',
        value: 100 * rate,
        unit: '% of letters wrong',
        floor: null,
        ratio: null,
        target: `≤ ${100 * MAX_ERROR_RATE} %`,
        ok: rate <= MAX_ERROR_RATE,
      },
    ];
  },
};

export default bench;
