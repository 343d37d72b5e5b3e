import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createLogger } from '@larder/core';
import { textInPictures } from '@larder/extractors';
import { artifactFolder, type Computation } from '@larder/features';
import { createSession } from '@larder/model-runtime';
import express, { type Request, type Response } from 'express';
import pg from 'pg';
import type { AdRequest } from './traffic.ts';
import { firstOutput, inlineFeatures, type AdRow } from './inline-features.ts';

export interface InlineServiceOptions {
  /** The database that `seedAds` filled. */
  readonly databaseUrl: string;
  /** @default a free one */
  readonly port?: number;
}

export interface InlineService {
  /** A POST here takes the body of Larder's predict route and answers `{ "ctr": 0.031 }`. */
  readonly url: string;
  close(): Promise<void>;
}

const MODELS = join(import.meta.dirname, '../models');
const AD_QUERY = `
  select image_url, coalesce(sum(impressions), 0)::float8 as impressions, coalesce(sum(clicks), 0)::float8 as clicks
    from ads left join ad_days on ad_days.ad_id = ads.ad_id and day >= (now() at time zone 'UTC')::date - 7
   where ads.ad_id = $1
   group by ads.ad_id`;

/**
 * The same prediction without Larder, written by hand: every request reads the ad, fetches and decodes
 * its picture, runs the encoder, reads the text on it and then runs the model. Sessions and connections stay open between requests.
 */
export async function startInlineService(options: InlineServiceOptions): Promise<InlineService> {
  const pool = new pg.Pool({ connectionString: options.databaseUrl, max: 4 });
  const encoder = await createSession({ modelPath: join(MODELS, 'encoder/model.onnx') });
  const text = await openTextReader();
  const model = await createSession({ modelPath: join(MODELS, 'ad_ctr/model.onnx') });
  const app = express();
  app.disable('x-powered-by');
  app.use(express.json());
  // oxlint-disable-next-line oxc/no-async-endpoint-handlers -- Express 5 waits for it
  app.post('/predict', async (request: Request, response: Response) => {
    const body = request.body as AdRequest;
    const { rows } = await pool.query<AdRow>({ name: 'ad', text: AD_QUERY, values: [body.entities.ad_id] });
    const [ad] = rows;
    if (!ad) {
      response.status(404).json({ error: 'There is no such ad.' });
      return;
    }
    const features = await inlineFeatures(ad, body.request, { encoder, text });
    const [ctr] = await firstOutput(model, features, [1, features.length]);
    response.json({ ctr });
  });
  const server = createServer(app);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/predict`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await Promise.all([pool.end(), encoder.close(), text.close(), model.close()]);
    },
  };
}

async function openTextReader(): Promise<Computation> {
  const { options, artifacts, load } = textInPictures();
  const module = await load();
  return module.createComputation({
    options,
    artifactPaths: Object.fromEntries(
      Object.entries(artifacts).map(([name, artifact]) => [name, artifactFolder(artifact, MODELS) as string]),
    ),
    allowedHosts: ['127.0.0.1'],
    logger: createLogger('inline', { level: 'warn' }),
  });
}
