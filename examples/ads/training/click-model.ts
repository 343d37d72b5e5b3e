import type { FeatureColumns } from './feature-columns.ts';
import { score, trainNetwork, type Network } from './network.ts';
import { dot, principalComponents } from './principal-components.ts';
import type { ModelRows } from './model-rows.ts';

/**
 * A missing value becomes the mean; then (x − mean) × scale, one hidden layer of tanh, sigmoid. All numbers are
 * already rounded to float32, as in the ONNX file.
 */
export interface ClickModel {
  readonly mean: Float32Array;
  readonly scale: Float32Array;
  readonly network: Network;
}

export interface ClickModelOptions {
  /** Views that the model may look at. */
  readonly views: readonly string[];
  readonly onEpoch?: (epoch: number, logLoss: number) => void;
}

/** Directions of the 514 picture columns that the network may use: few enough for a thousand pictures. */
const PICTURE_COMPONENTS = 32;
const HIDDEN_UNITS = 16;

/** Standardises, reduces the pictures to principal components, trains, and folds all of it into one network. */
export function trainClickModel(impressions: ModelRows, options: ClickModelOptions): ClickModel {
  const { mean, scale } = standardisation(impressions, options.views);
  const projection = project(impressions, options, { mean, scale });
  const width = projection.components.length + projection.single.length;
  const inputs = new Float32Array(impressions.count * width);
  let components: number[] = [];
  for (let index = 0; index < impressions.count; index += 1) {
    const row = standardised(impressions.row(index), { mean, scale });
    if (impressions.startsAd[index] === 1)
      components = projection.components.map((direction) => dot(direction, row));
    inputs.set(components, index * width);
    inputs.set(
      projection.single.map((column) => row[column] as number),
      index * width + components.length,
    );
  }
  const network = trainNetwork(
    {
      count: impressions.count,
      clicked: impressions.clicked,
      read: (index, into) => into.set(inputs.subarray(index * width, (index + 1) * width)),
    },
    {
      inputs: width,
      hiddenUnits: HIDDEN_UNITS,
      epochs: 6,
      learningRate: 0.004,
      weightDecay: 0.1,
      ...(options.onEpoch && { onEpoch: options.onEpoch }),
    },
  );
  return { mean, scale, network: folded(network, projection, mean.length) };
}

/** The model's click probability for a tensor row, in float64. */
export function scoreRow(model: ClickModel, row: Float32Array): number {
  return score(model.network, standardised(row, model));
}

function standardisation(impressions: ModelRows, views: readonly string[]) {
  const width = impressions.row(0).length;
  const [sum, squares, known] = [new Float64Array(width), new Float64Array(width), new Float64Array(width)];
  for (let index = 0; index < impressions.count; index += 1) {
    impressions.row(index).forEach((value, column) => {
      if (Number.isNaN(value)) return;
      sum[column] = (sum[column] as number) + value;
      squares[column] = (squares[column] as number) + value * value;
      known[column] = (known[column] as number) + 1;
    });
  }
  const used = usedColumns(impressions.columns, views, width);
  const mean = Float32Array.from(sum, (total, column) => total / Math.max(known[column] as number, 1));
  const scale = Float32Array.from(squares, (total, column) => {
    const variance = total / Math.max(known[column] as number, 1) - (mean[column] as number) ** 2;
    return used[column] && variance > 1e-9 ? 1 / Math.sqrt(variance) : 0;
  });
  return { mean, scale };
}

/** Input of the network: principal components of the pictures, and every other column by itself. */
interface Projection {
  /** Directions over all columns, zero outside the pictures. */
  readonly components: readonly Float64Array[];
  readonly single: readonly number[];
}

function project(
  impressions: ModelRows,
  options: ClickModelOptions,
  scaling: Pick<ClickModel, 'mean' | 'scale'>,
): Projection {
  const width = scaling.mean.length;
  const isPicture = usedColumns(impressions.columns, ['ad_image'], width);
  const single = Array.from({ length: width }, (_, column) => column).filter(
    (column) => !isPicture[column] && scaling.scale[column] !== 0,
  );
  if (!options.views.includes('ad_image')) return { components: [], single };
  const pictures: Float64Array[] = [];
  for (let index = 0; index < impressions.count; index += 1) {
    if (impressions.startsAd[index] !== 1) continue;
    const row = standardised(impressions.row(index), scaling);
    pictures.push(row.map((value, column) => (isPicture[column] ? value : 0)));
  }
  return {
    components: principalComponents(
      pictures,
      // few pictures vary in few directions; along the others there is only noise
      Math.min(PICTURE_COMPONENTS, Math.floor(pictures.length / 2)),
    ),
    single,
  };
}

function usedColumns(
  columns: readonly FeatureColumns[],
  views: readonly string[],
  width: number,
): Uint8Array {
  const used = new Uint8Array(width);
  for (const { view, start, width: wide } of columns)
    used.fill(views.includes(view) ? 1 : 0, start, start + wide);
  return used;
}

function standardised(row: Float32Array, { mean, scale }: Pick<ClickModel, 'mean' | 'scale'>): Float64Array {
  return Float64Array.from(row, (value, column) =>
    Number.isNaN(value) ? 0 : (value - (mean[column] as number)) * (scale[column] as number),
  );
}

/** hidden · (projection · x) = (hidden · projection) · x: the projection disappears into the first layer. */
function folded(network: Network, { components, single }: Projection, width: number): Network {
  const hidden = network.hidden.map((weights) => {
    const overColumns = new Float64Array(width);
    components.forEach((direction, at) => {
      for (let column = 0; column < width; column += 1) {
        overColumns[column] =
          (overColumns[column] as number) + (weights[at] as number) * (direction[column] as number);
      }
    });
    single.forEach((column, at) => (overColumns[column] = weights[components.length + at] as number));
    return overColumns.map(Math.fround);
  });
  return {
    inputs: width,
    hidden,
    hiddenBias: network.hiddenBias.map(Math.fround),
    output: network.output.map(Math.fround),
    outputBias: Math.fround(network.outputBias),
  };
}
