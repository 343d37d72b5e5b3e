import type { FeatureInput, Model } from '@larder/features';

/** One feature of a model's input: `view:feature`, and the columns of the tensor it takes. */
export interface FeatureColumns {
  readonly ref: string;
  readonly view: string;
  readonly feature: string;
  readonly start: number;
  /** Number of columns: 1, or a vector's length. */
  readonly width: number;
}

/** Position of each feature of a model in its tensor. */
export function featureColumns(model: Model): FeatureColumns[] {
  const columns: FeatureColumns[] = [];
  let start = 0;
  for (const { view, features } of model.inputs.map(viewAndFeatures)) {
    for (const feature of features) {
      const width = view.schema[feature]?.length ?? 1;
      columns.push({ ref: `${view.name}:${feature}`, view: view.name, feature, start, width });
      start += width;
    }
  }
  return columns;
}

export function totalWidth(columns: readonly FeatureColumns[]): number {
  return columns.reduce((sum, { width }) => sum + width, 0);
}

/** Feature values by view name, then feature name. */
export type ValuesByView = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** Writes the values of the named views into a tensor row; null and absent values become NaN, as in serving. */
export function writeColumns(
  columns: readonly FeatureColumns[],
  values: ValuesByView,
  row: Float32Array,
): void {
  for (const { view, feature, start, width } of columns) {
    const ofView = values[view];
    if (ofView === undefined) continue;
    const value = ofView[feature];
    if (value instanceof Float32Array) row.set(value, start);
    else row.fill(value === null || value === undefined ? Number.NaN : Number(value), start, start + width);
  }
}

function viewAndFeatures(input: FeatureInput) {
  if (input.kind === 'pick') return { view: input.view, features: input.features };
  return { view: input, features: Object.keys(input.schema) };
}
