import type { FieldManifest, JsonValue } from '@larder/features';
import type { Output } from '../output/output.ts';
import { printableAge, printableAgo, printableValue } from '../output/printable.ts';
import { table } from '../output/table.ts';
import type { PredictionAnswer } from './prediction-answer.ts';

/** Prints outputs first, then features and where each came from, if requested. */
export function printPrediction(
  answer: PredictionAnswer,
  fields: ReadonlyMap<string, FieldManifest>,
  out: Output,
): void {
  const { style } = out;
  out.line(`${style.bold(answer.model)} version ${answer.version}`);
  for (const [name, value] of Object.entries(answer.outputs))
    out.line(`  ${name}  ${style.bold(style.cyan(printableValue(undefined, value as JsonValue, 200)))}`);
  if (answer.source === 'precomputed')
    out.line(style.dim(`  precomputed in ${answer.view}, ${printableAgo(answer.age_ms ?? 0)}`));
  if (answer.source === 'live') out.line(style.dim(`  live, not precomputed: ${answer.live_reason}`));
  if (answer.degraded)
    out.line(
      style.yellow(
        `  degraded: ${answer.degraded_reasons.join(', ')}: what is missing got its default, or null`,
      ),
    );
  if (answer.features === undefined || answer.timings_ms === undefined) return;
  out.line();
  const rows = answer.features.map(({ ref, value, status, source, age_ms: ageMs }) => [
    ref,
    status === 'PRESENT' ? style.green(status) : style.yellow(status),
    source,
    ageMs === null ? '' : printableAge(ageMs),
    printableValue(fields.get(ref), value, 40),
  ]);
  const columns = [
    { title: 'FEATURE' },
    { title: 'STATUS' },
    { title: 'SOURCE' },
    { title: 'AGE' },
    { title: 'VALUE' },
  ];
  if (rows.length > 0) for (const line of table(columns, rows)) out.line(line);
  const { features, on_demand: onDemand, model, total } = answer.timings_ms;
  out.line(
    style.dim(`features ${ms(features)}, on demand ${ms(onDemand)}, model ${ms(model)}, total ${ms(total)}`),
  );
}

function ms(value: number): string {
  return `${value.toFixed(2)} ms`;
}
