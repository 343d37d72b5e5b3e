import type { SKRSContext2D } from '@napi-rs/canvas';
import type { ProductName } from '../../catalogue/campaign.ts';
import { alpha, type Colour } from '../colour.ts';
import { drawBicycle, drawSneaker, drawSuitcase } from './on-the-move.ts';
import { drawBook, drawGamepad, drawHeadphones, drawPhone } from './media.ts';
import { drawArmchair, drawBottle, drawCup, drawFruit, drawPlant } from './at-home.ts';

/** Draws a product into the square 0..100 of the current transform, standing on y = 96. */
export type DrawProduct = (ctx: SKRSContext2D, main: Colour, second: Colour) => void;

const PRODUCTS: Record<ProductName, DrawProduct> = {
  armchair: drawArmchair,
  bicycle: drawBicycle,
  book: drawBook,
  bottle: drawBottle,
  cup: drawCup,
  fruit: drawFruit,
  gamepad: drawGamepad,
  headphones: drawHeadphones,
  phone: drawPhone,
  plant: drawPlant,
  sneaker: drawSneaker,
  suitcase: drawSuitcase,
};

export interface ProductPlace {
  /** Centre, and side of the square that holds the product. */
  readonly x: number;
  readonly y: number;
  readonly sizePx: number;
  readonly tiltRadians?: number;
  readonly shadow?: boolean;
}

/** Draws one product with its contact shadow. */
export function drawProduct(
  ctx: SKRSContext2D,
  name: ProductName,
  place: ProductPlace & { readonly colours: readonly [Colour, Colour] },
): void {
  ctx.save();
  ctx.translate(place.x, place.y);
  ctx.scale(place.sizePx / 100, place.sizePx / 100);
  if (place.shadow !== false) drawContactShadow(ctx);
  ctx.rotate(place.tiltRadians ?? 0);
  ctx.translate(-50, -50);
  ctx.lineCap = 'round';
  ctx.lineJoin = 'round';
  PRODUCTS[name](ctx, place.colours[0], place.colours[1]);
  ctx.restore();
}

function drawContactShadow(ctx: SKRSContext2D): void {
  ctx.save();
  ctx.translate(0, 46);
  ctx.scale(1, 0.16);
  const shadow = ctx.createRadialGradient(0, 0, 6, 0, 0, 50);
  shadow.addColorStop(0, alpha('#000000', 0.42));
  shadow.addColorStop(1, alpha('#000000', 0));
  ctx.fillStyle = shadow;
  ctx.fillRect(-52, -52, 104, 104);
  ctx.restore();
}
