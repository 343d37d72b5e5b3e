import { computeOnDemand, computeRow, predictRow } from 'larderjs/testing';
import { expect, test } from 'vitest';
import { appeal, pictureLight, slot } from './larder.config.ts';

test('a blue picture is darker than a yellow one', async () => {
  const blue = await computeRow(pictureLight, { path: 'pictures/blue.png' });
  const yellow = await computeRow(pictureLight, { path: 'pictures/yellow.png' });
  expect(blue.brightness).toBeLessThan(yellow.brightness ?? 0);
});

test('a picture of the right shape fits', () => {
  const request = { width: 600, height: 400 };
  expect(computeOnDemand(slot, { request, features: { picture_light: { aspect: 1.5 } } }).misfit).toBeCloseTo(
    0,
  );
});

const features = (misfit: number) => ({
  picture_light: { brightness: 0.6, contrast: 0.2 },
  slot: { misfit },
});

test('the model reproduces the scores of its training, and prefers ads that match', async () => {
  const fits = await predictRow(appeal, features(0));
  const misfits = await predictRow(appeal, features(2));
  expect(fits.score).toBeGreaterThan(misfits.score);
});
