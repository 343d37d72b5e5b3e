import type { AddressInfo } from 'node:net';
import express from 'express';
import { WIDTH } from './prepare.ts';
import { adKey, fillRow, openFloor } from './floor-service.ts';
import { report } from './server-process.ts';

const floor = await openFloor(process.env);
const app = express();
app.use(express.json());
app.post('/predict', async (request, response) => {
  const { ad_id: adId, requested_at: requestedAt } = request.body as { ad_id: string; requested_at: string };
  const stored = await floor.redis.hmgetBuffer(adKey(adId), 'ad_image@1', 'ad_stats@1');
  const tensor = new Float32Array(WIDTH);
  fillRow({ tensor, bytes: new Uint8Array(tensor.buffer), row: 0 }, stored, new Date(requestedAt));
  const scores = await floor.run(tensor, 1);
  response.json({ ctr: scores[0] });
});
const server = app.listen(0, '127.0.0.1', () =>
  report(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
);
