import { join } from 'node:path';
import sharp from 'sharp';
import { demoAds } from './src/catalogue/demo-ads.ts';
import { LAYOUTS } from './src/catalogue/ad-design.ts';
import { drawPicture } from './src/pictures/draw-picture.ts';
import { registerFonts } from './src/pictures/fonts.ts';

/** Draws the README's contact sheet, three ads of every layout: `node contact-sheet.ts`. */
const COLUMNS = 8;
const ROWS = 3;
const CELL = 200;
const GAP = 8;

registerFonts();
const ads = demoAds();
const tiles = [];
for (let row = 0; row < ROWS; row += 1) {
  for (const [column, layout] of LAYOUTS.entries()) {
    const design = ads.filter((ad) => ad.layout === layout)[row];
    if (!design) continue;
    const { bytes } = await drawPicture(design);
    const { data, info } = await sharp(bytes)
      .resize(CELL, CELL, { fit: 'inside' })
      .png()
      .toBuffer({ resolveWithObject: true });
    tiles.push({
      input: data,
      left: GAP + column * (CELL + GAP) + Math.floor((CELL - info.width) / 2),
      top: GAP + row * (CELL + GAP) + Math.floor((CELL - info.height) / 2),
    });
  }
}
await sharp({
  create: {
    width: GAP + COLUMNS * (CELL + GAP),
    height: GAP + ROWS * (CELL + GAP),
    channels: 3,
    background: '#eceff3',
  },
})
  .composite(tiles)
  .webp({ quality: 80 })
  .toFile(join(import.meta.dirname, 'contact-sheet.webp'));
