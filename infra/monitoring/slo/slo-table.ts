import { SLOS } from './slos.ts';

/** The objectives as a table of Markdown. */
export function sloTable(): string {
  const rows = SLOS.map(
    ({ name, objective, what, by, severities = ['page', 'ticket'], minPerSecond }) =>
      `| ${name} | ${Number((objective * 100).toPrecision(5))} % | ${what} | ${by.join(', ')} | ${severities.join(', ')} | ${minPerSecond > 0 ? `above ${minPerSecond} per second` : 'always'} |\n`,
  );
  return `| objective | share | good | for each | alerts | told |\n| --- | --- | --- | --- | --- | --- |\n${rows.join('')}`;
}
