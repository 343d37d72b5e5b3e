import type { ComparisonAnswer } from '@larder/contracts';
import type { Output } from '../output/output.ts';
import { printableCount } from '../output/printable.ts';
import { table } from '../output/table.ts';

type ComparedFeature = ComparisonAnswer['features'][number];
type ComparedPredictions = NonNullable<ComparisonAnswer['predictions']>;

export function printComparison(comparison: ComparisonAnswer, out: Output): void {
  const { before, after, coverage, features, predictions } = comparison;
  const keys = [
    [before, printableCount(coverage.before), printableCount(coverage.before_fresh)],
    [after, printableCount(coverage.after), printableCount(coverage.after_fresh)],
    ['both', printableCount(coverage.both), ''],
  ];
  const keyColumns = [
    { title: 'version' },
    { title: 'keys', align: 'right' as const },
    { title: 'within ttl', align: 'right' as const },
  ];
  for (const line of table(keyColumns, keys)) out.line(line);
  const remark = fewKeys(comparison);
  if (remark !== null) out.line(remark);
  for (const [what, names] of [
    ['only in', comparison.added],
    ['not in', comparison.removed],
    ['of another type in', comparison.retyped],
  ] as const)
    if (names.length > 0) out.line(`${what} ${after}: ${names.join(', ')}`);
  out.line('');
  const columns = [
    { title: 'feature' },
    { title: 'changed', align: 'right' as const },
    { title: 'mean |Δ|', align: 'right' as const },
    { title: '' },
    { title: 'null', align: 'right' as const },
    ...['min', 'p5', 'p25', 'p50', 'p75', 'p95', 'max', 'mean'].map((title) => ({
      title,
      align: 'right' as const,
    })),
  ];
  const rows = features.flatMap((feature) => featureRows(feature, comparison));
  for (const line of table(columns, rows)) out.line(line);
  if (predictions !== null) printPredictions(predictions, comparison, out);
}

/** A version with less than half of the keys is probably still being filled. */
const FEW = 0.5;

function fewKeys({ before, after, coverage }: ComparisonAnswer): string | null {
  if (coverage.before === coverage.after) return null;
  const [few, many, ref] =
    coverage.after < coverage.before
      ? [coverage.after, coverage.before, after]
      : [coverage.before, coverage.after, before];
  if (few >= FEW * many) return null;
  const has = few === 0 ? 'no keys' : `only ${printableCount(few)} of ${printableCount(many)} keys`;
  return `${ref} has ${has}: it was not filled, or is still being filled, and the figures below say little. See: larder runs`;
}

function featureRows(feature: ComparedFeature, { before, after, coverage }: ComparisonAnswer): string[][] {
  const { name, changed, mean_difference: mean } = feature;
  return [
    [
      name,
      share(changed, coverage.both),
      printed(mean),
      before,
      ...measures(feature.before, coverage.before),
    ],
    ['', '', '', after, ...measures(feature.after, coverage.after)],
  ];
}

function measures({ nulls, quantiles, mean }: ComparedFeature['before'], keys: number): string[] {
  const values = quantiles ?? Array.from({ length: 7 }, () => null);
  return [share(nulls, keys), ...values.map(printed), printed(mean)];
}

function printPredictions(
  predictions: ComparedPredictions,
  { before, after }: ComparisonAnswer,
  out: Output,
): void {
  const { model, version, output, quantiles, tolerance } = predictions;
  out.line('');
  out.line(
    `${model}@${version} over ${printableCount(predictions.predictions)} logged requests, ${after} in place of ${before}:`,
  );
  out.line(`  ${output}    mean ${printed(predictions.mean_before)} → ${printed(predictions.mean_after)}`);
  out.line(
    `  |Δ|    mean ${printed(predictions.mean_difference)}  p50 ${printed(quantiles.p50)}  p90 ${printed(quantiles.p90)}  p99 ${printed(quantiles.p99)}  max ${printed(predictions.max_difference)}`,
  );
  out.line(`  ${(100 * predictions.beyond).toFixed(1)}% move by more than ${tolerance}`);
}

function printed(value: number | null | undefined): string {
  return value === null || value === undefined || Number.isNaN(value)
    ? '-'
    : String(Number(value.toPrecision(4)));
}

function share(count: number, of: number): string {
  return of === 0 ? '-' : `${((100 * count) / of).toFixed(1)}%`;
}
