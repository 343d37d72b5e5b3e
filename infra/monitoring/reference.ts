import { withSection } from './generated-section.ts';
import { METRICS, type MetricDefinition, type MetricProcess } from '@larder/core/metrics';

const TABLE: readonly (readonly [string, MetricDefinition])[] = Object.entries(METRICS);

/** The page of the reference, with the tables of the metrics written. */
export function referencePage(page: string): string {
  return (['inference', 'worker'] as const).reduce(
    (text, process) => withSection(text, `metrics: ${process}`, table(process)),
    page,
  );
}

function table(process: MetricProcess): string {
  const rows = TABLE.filter(([, { by }]) => by.includes(process)).map(
    ([name, { type, unit, help, labels, onlyWhen }]) => {
      const listed = Object.entries(labels).map(([label, values]) => `\`${label}\`: ${values}`);
      const when = onlyWhen === undefined ? '' : ` Only ${onlyWhen}.`;
      return `| \`${name}\` | ${type} | ${unit} | ${listed.join('<br>')} | ${help}${when} |\n`;
    },
  );
  return `| name | type | unit | labels | what |\n| --- | --- | --- | --- | --- |\n${rows.join('')}`;
}
