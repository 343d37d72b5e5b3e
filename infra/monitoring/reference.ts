import { METRICS, type MetricDefinition, type MetricProcess } from '@larder/core/metrics';

const TABLE: readonly (readonly [string, MetricDefinition])[] = Object.entries(METRICS);

/** The page of the reference, with the tables of the metrics between its markers replaced. */
export function referencePage(page: string): string {
  return (['inference', 'worker'] as const).reduce((text, process) => {
    const [start, end] = [`<!-- metrics: ${process} -->\n`, `<!-- end: ${process} -->`];
    const from = text.indexOf(start);
    const to = text.indexOf(end);
    if (from < 0 || to < from) throw new Error(`docs/reference/metrics.md has no section ${start.trim()}.`);
    return `${text.slice(0, from)}${start}${table(process)}${text.slice(to)}`;
  }, page);
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
