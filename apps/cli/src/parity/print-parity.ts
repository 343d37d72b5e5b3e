import type { ParityAnswer } from '@larder/contracts';
import type { JsonValue } from '@larder/features';
import type { Output } from '../output/output.ts';
import { printableValue } from '../output/printable.ts';
import { table } from '../output/table.ts';

const UNCHECKED = {
  key_hidden: 'their entity has a sensitive key',
  request_hidden: 'a request field of an on-demand view is sensitive',
  no_content: 'the content of their model version is not on record',
  on_demand_failed: 'an on-demand function failed on the rebuilt inputs',
} as const;

export function printParity(report: ParityAnswer, out: Output): void {
  const { style } = out;
  const versions = report.versions.map((version) => `@${version}`).join(', ');
  if (report.predictions === 0) return out.note(`The log has no prediction of ${report.model} in this time.`);
  out.line(`${style.bold(report.model)} ${versions}: ${report.predictions} predictions rebuilt`);
  if (!report.complete) out.note('There are more predictions; these are the newest (--limit).');
  out.line();
  const rows = report.features.map(({ ref, compared, causes, explained }) => {
    const found = Object.entries(causes).filter(([, count]) => count > 0);
    const known = Object.entries(explained).map(([name, count]) => `${name.replaceAll('_', ' ')} ${count}`);
    const text = found.map(([cause, count]) => `${cause} ${count}`).join(', ');
    return [ref, String(compared), text === '' ? style.green('none') : style.red(text), known.join(', ')];
  });
  const columns = [
    { title: 'feature' },
    { title: 'compared', align: 'right' as const },
    { title: 'differences' },
    { title: 'explained' },
  ];
  for (const line of table(columns, rows)) out.line(line);
  for (const { ref, examples } of report.features)
    for (const { prediction_id: predictionId, cause, detail, logged, rebuilt } of examples) {
      out.line();
      out.line(`${style.bold(ref)}  ${style.red(cause)}: ${detail}`);
      out.line(
        `  logged ${out.fit(printableValue(undefined, logged as JsonValue, 60), 60)}, rebuilt ${out.fit(printableValue(undefined, rebuilt as JsonValue, 60), 60)}`,
      );
      out.line(`  larder predictions show ${predictionId}`);
    }
  for (const [why, text] of Object.entries(UNCHECKED)) {
    const count = report.unchecked[why as keyof typeof UNCHECKED];
    if (count !== undefined)
      out.note(`Not compared, or not entirely: ${count} predictions, because ${text}.`);
  }
}
