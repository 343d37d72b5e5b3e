import type { Sheet } from '../sheet.ts';

/** Darkens the upper `share` of the picture so that white text reads on it. */
export function drawTopScrim(sheet: Sheet, opacity: number, share = 0.5): void {
  const { ctx, width, height } = sheet;
  const scrim = ctx.createLinearGradient(0, 0, 0, height * share);
  scrim.addColorStop(0, `rgba(8,10,14,${opacity})`);
  scrim.addColorStop(0.6, `rgba(8,10,14,${opacity * 0.75})`);
  scrim.addColorStop(1, share >= 1 ? `rgba(8,10,14,${opacity * 0.75})` : 'rgba(8,10,14,0)');
  ctx.fillStyle = scrim;
  ctx.fillRect(0, 0, width, height * share);
}

/** Darkens the picture from `from` (share of its height) to the bottom. */
export function drawBottomScrim(sheet: Sheet, opacity: number, from: number): void {
  const { ctx, width, height } = sheet;
  const scrim = ctx.createLinearGradient(0, height * from, 0, height);
  scrim.addColorStop(0, 'rgba(8,10,14,0)');
  scrim.addColorStop(0.35, `rgba(8,10,14,${opacity * 0.8})`);
  scrim.addColorStop(1, `rgba(8,10,14,${opacity})`);
  ctx.fillStyle = scrim;
  ctx.fillRect(0, height * from, width, height);
}
