import type { JsonValue } from '@larder/features';
import type { LoggedPredictionJson, PredictionDetailJson } from '@larder/serving';
import type { FoundPredictions } from '../control/control.ts';
import type { Output } from '../output/output.ts';
import { printableAge, printableInstant, printableValue } from '../output/printable.ts';
import { table } from '../output/table.ts';

export function printPredictions(predictions: readonly LoggedPredictionJson[], out: Output): void {
  if (predictions.length === 0) return out.note('The log has no such prediction.');
  const rows = predictions.map((each) => [
    each.prediction_id,
    printableInstant(each.predicted_at),
    `${each.model}@${each.version}`,
    each.alias ?? '',
    members(each.entities),
    members(each.outputs),
    each.degraded ? each.degraded_reasons.join(' ') : '',
  ]);
  const columns = [
    { title: 'prediction' },
    { title: 'at' },
    { title: 'model' },
    { title: 'alias' },
    { title: 'entities', max: 40 },
    { title: 'outputs', max: 40 },
    { title: 'degraded', max: 60 },
  ];
  for (const line of table(columns, rows)) out.line(out.fit(line));
}

const BAR = 40;

export function printHistogram(
  { edges, counts, predictions }: NonNullable<FoundPredictions['histogram']>,
  out: Output,
): void {
  const most = Math.max(1, ...counts);
  out.line();
  out.line(`First output of ${predictions} predictions`);
  for (const [at, count] of counts.entries()) {
    const range = `${number(edges[at] ?? 0)} to ${number(edges[at + 1] ?? 0)}`;
    out.line(
      `  ${range.padEnd(24)} ${String(count).padStart(8)}  ${'#'.repeat(Math.ceil((BAR * count) / most))}`,
    );
  }
}

export function printPrediction(detail: PredictionDetailJson, out: Output): void {
  const { style } = out;
  const alias = detail.alias === null ? '' : `  by ${detail.alias}`;
  out.line(`${style.bold(detail.prediction_id)}  ${detail.model}@${detail.version}${alias}`);
  out.line(`  at        ${printableInstant(detail.predicted_at)}`);
  out.line(`  entities  ${members(detail.entities)}`);
  out.line(`  request   ${members(detail.request)}`);
  out.line(`  outputs   ${style.bold(members(detail.outputs))}`);
  if (detail.raw_outputs !== null) out.line(`  artifact  ${members(detail.raw_outputs)}`);
  const { features, on_demand: onDemand, model, total } = detail.timings_ms;
  const stages = features === null ? '' : ` (features ${features}, on demand ${onDemand}, model ${model})`;
  out.line(`  took      ${total} ms${stages}`);
  if (detail.degraded) out.line(`  degraded  ${style.yellow(detail.degraded_reasons.join(', '))}`);
  out.line();
  for (const view of detail.views) {
    const from =
      view.run_id === null
        ? view.landed_at === null
          ? 'not in history'
          : `landed ${printableInstant(view.landed_at)}`
        : `run ${view.run_id}, chunk ${view.chunk_id}`;
    const when = view.event_timestamp === null ? '' : `  ${printableInstant(view.event_timestamp)}  ${from}`;
    out.line(`${style.bold(view.ref)}  ${view.status}${when}`);
  }
  if (detail.features === null) {
    out.note('The features cannot be shown: the definition of the model version is not on record.');
    return;
  }
  out.line();
  const rows = detail.features.map((feature) => [
    feature.ref,
    feature.reason === null
      ? printableValue(undefined, feature.value as JsonValue, 60)
      : `(${feature.reason})`,
    feature.status,
    feature.source,
    feature.age_ms === null ? '' : printableAge(feature.age_ms),
  ]);
  const columns = [
    { title: 'feature' },
    { title: 'value', max: 60 },
    { title: 'status' },
    { title: 'source' },
    { title: 'age' },
  ];
  for (const line of table(columns, rows)) out.line(out.fit(line));
}

function members(values: Readonly<Record<string, unknown>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${printableValue(undefined, value as JsonValue, 60)}`)
    .join(' ');
}

function number(value: number): string {
  return String(Number(value.toPrecision(6)));
}
