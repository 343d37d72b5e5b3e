import type { Computation } from '@larder/features';
import type { Session } from '@larder/model-runtime';
import sharp from 'sharp';
import type { AdRequest } from './traffic.ts';

/** Columns that the service reads of an ad. */
export interface AdRow {
  readonly image_url: string;
  readonly impressions: number;
  readonly clicks: number;
}

/** Side of the encoder's input in pixels. */
const SIDE = 256;
const TIMEOUT_MS = 10_000;

/** Resources that stay loaded between requests. */
export interface InlineModels {
  readonly encoder: Session;
  /** The text reader, used as a library: nobody writes that by hand. */
  readonly text: Computation;
}

/** Every feature of `ad_ctr`, in its order, by hand: picture, text, the last seven days, moment, offer. */
export async function inlineFeatures(
  ad: AdRow,
  request: AdRequest['request'],
  { encoder, text }: InlineModels,
): Promise<Float32Array> {
  const { impressions, clicks } = ad;
  return Float32Array.from([
    ...(await pictureFeatures(ad.image_url, encoder)),
    ...(await textFeatures(ad.image_url, text)),
    impressions,
    clicks,
    ...momentFeatures(new Date(request.requested_at)),
    Math.log(Math.max(request.bid, 0.01)),
    (clicks + 3) / (impressions + 100),
    Math.log1p(impressions),
    ...['feed', 'story', 'sidebar', 'search'].map((placement) => (request.placement === placement ? 1 : 0)),
  ]);
}

async function pictureFeatures(url: string, encoder: Session): Promise<number[]> {
  const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!response.ok) throw new Error(`${url} answers ${response.status}.`);
  const rgb = await sharp(Buffer.from(await response.arrayBuffer()), { ignoreIcc: true, failOn: 'error' })
    .autoOrient()
    .resize(SIDE, SIDE, { fit: 'fill' })
    .flatten({ background: '#ffffff' })
    .toColourspace('srgb')
    .raw()
    .toBuffer();
  const pixels = new Float32Array(rgb.length);
  const area = rgb.length / 3;
  const moments = { luma: 0, rg: 0, yb: 0, rgSquares: 0, ybSquares: 0 };
  for (let pixel = 0; pixel < area; pixel += 1) {
    const red = rgb[3 * pixel] as number;
    const green = rgb[3 * pixel + 1] as number;
    const blue = rgb[3 * pixel + 2] as number;
    pixels[pixel] = red / 255;
    pixels[area + pixel] = green / 255;
    pixels[2 * area + pixel] = blue / 255;
    const [rg, yb] = [red - green, (red + green) / 2 - blue];
    moments.luma += 0.299 * red + 0.587 * green + 0.114 * blue;
    moments.rg += rg;
    moments.yb += yb;
    moments.rgSquares += rg * rg;
    moments.ybSquares += yb * yb;
  }
  const [meanRg, meanYb] = [moments.rg / area, moments.yb / area];
  const spread = Math.max(0, (moments.rgSquares + moments.ybSquares) / area - meanRg ** 2 - meanYb ** 2);
  return [
    ...(await firstOutput(encoder, pixels, [1, 3, SIDE, SIDE])),
    moments.luma / area / 255,
    Math.sqrt(spread) + 0.3 * Math.hypot(meanRg, meanYb),
  ];
}

async function textFeatures(url: string, text: Computation): Promise<number[]> {
  const [outcome] = await text.compute([{ image_url: url }], AbortSignal.timeout(TIMEOUT_MS));
  if (!outcome || 'failure' in outcome) throw new Error(`${url}: ${outcome?.failure.reason}`);
  return ['word_count', 'text_area_share', 'has_price', 'has_percent'].map((name) =>
    Number(outcome.values[name]),
  );
}

function momentFeatures(at: Date): number[] {
  const hour = ((at.getUTCHours() + at.getUTCMinutes() / 60) / 24) * 2 * Math.PI;
  const weekday = (at.getUTCDay() / 7) * 2 * Math.PI;
  return [Math.sin(hour), Math.cos(hour), Math.sin(weekday), Math.cos(weekday)];
}

/** Runs a model of one input and one output. */
export async function firstOutput(
  session: Session,
  data: Float32Array,
  dims: readonly number[],
): Promise<Float32Array> {
  const [input] = session.inputs;
  const [output] = session.outputs;
  if (!input || !output) throw new Error('The model has no input or no output.');
  const results = await session.run({ [input.name]: { data, dims } });
  return results[output.name]?.data ?? new Float32Array();
}
