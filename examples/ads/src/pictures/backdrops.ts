import type { AdDesign } from '../catalogue/ad-design.ts';
import type { Random } from '../random.ts';
import { alpha, darker, lighter, mix } from './colour.ts';
import { fillCircle } from './products/shading.ts';
import { drawScene, fillDown } from './scenes.ts';
import type { Sheet } from './sheet.ts';

/** Fills the whole sheet with the design's backdrop. */
export function drawBackdrop(sheet: Sheet, design: AdDesign, random: Random): void {
  const { ctx, width, height } = sheet;
  const { background, accent } = design.palette;
  if (design.backdrop === 'scene') {
    drawScene(sheet, design.scene, { palette: design.palette, random });
    return;
  }
  fillDown(sheet, [lighter(background, 0.07), background, darker(background, 0.12)]);
  switch (design.backdrop) {
    case 'plain':
      return;
    case 'studio': {
      const light = ctx.createRadialGradient(
        width / 2,
        height * 0.45,
        0,
        width / 2,
        height * 0.45,
        Math.max(width, height) * 0.7,
      );
      light.addColorStop(0, alpha(lighter(background, 0.5), 0.9));
      light.addColorStop(1, alpha(darker(background, 0.35), 0.5));
      ctx.fillStyle = light;
      ctx.fillRect(0, 0, width, height);
      return;
    }
    case 'rays': {
      const reach = Math.hypot(width, height);
      const beams = random.int(10, 18);
      ctx.fillStyle = alpha(lighter(background, 0.4), 0.4);
      for (let beam = 0; beam < beams; beam += 1) {
        const angle = (beam * 2 * Math.PI) / beams;
        ctx.beginPath();
        ctx.moveTo(width / 2, height * 0.55);
        ctx.lineTo(width / 2 + reach * Math.cos(angle), height * 0.55 + reach * Math.sin(angle));
        const next = angle + Math.PI / beams;
        ctx.lineTo(width / 2 + reach * Math.cos(next), height * 0.55 + reach * Math.sin(next));
        ctx.fill();
      }
      return;
    }
    case 'dots': {
      const step = Math.max(width, height) / random.int(14, 26);
      const colour = alpha(mix(background, accent, 0.7), 0.42);
      for (let row = 0; row * step < height + step; row += 1) {
        for (let x = (row % 2) * (step / 2); x < width + step; x += step)
          fillCircle(ctx, [x, row * step, step * 0.17], colour);
      }
      return;
    }
    case 'waves': {
      for (let wave = 0; wave < 5; wave += 1) {
        const y = height * (0.3 + wave * 0.16);
        const swing = height * random.between(0.04, 0.12);
        ctx.fillStyle = alpha(mix(background, wave % 2 ? accent : lighter(background, 0.6), 0.5), 0.34);
        ctx.beginPath();
        ctx.moveTo(0, y);
        ctx.bezierCurveTo(width * 0.3, y - swing * 2, width * 0.6, y + swing * 2, width, y - swing);
        ctx.lineTo(width, height);
        ctx.lineTo(0, height);
        ctx.fill();
      }
      return;
    }
    case 'blocks': {
      for (let block = 0; block < 9; block += 1) {
        ctx.fillStyle = alpha(
          random.pick([accent, lighter(background, 0.5), darker(background, 0.3)]),
          random.between(0.12, 0.4),
        );
        ctx.save();
        ctx.translate(random.between(0, width), random.between(0, height));
        ctx.rotate(random.pick([0, Math.PI / 4, -0.3]));
        const size = Math.min(width, height) * random.between(0.12, 0.4);
        ctx.fillRect(-size / 2, -size / 2, size, size * random.pick([0.3, 1, 1]));
        ctx.restore();
      }
      return;
    }
  }
}
