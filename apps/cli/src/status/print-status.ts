import { formatDurationMs } from '@larder/core';
import type { StatusAnswer } from '@larder/contracts';
import type { Output } from '../output/output.ts';
import { printableInstant } from '../output/printable.ts';

type Problem = StatusAnswer['problems'][number];

/** One screen: what needs a person with the next command for each, then what runs. */
export function printStatus(status: StatusAnswer, out: Output): void {
  const { style } = out;
  const { problems, project, at } = status;
  const acts = problems.filter(({ severity }) => severity === 'act');
  const head = acts.length === 0 ? style.green('ok') : style.red(count(acts.length, 'problem'));
  out.line(`${project}  ${head}  ${printableInstant(at)}`);
  for (const problem of problems) printProblem(problem, Date.parse(at), out);
  out.line();
  for (const [name, text] of summary(status)) out.line(out.fit(`${name.padEnd(10)}  ${text}`));
  if (acts.length > 0) return;
  out.line();
  out.line('Nothing needs a person.');
}

function printProblem(
  { kind, severity, subject, since, detail, next }: Problem,
  atMs: number,
  out: Output,
): void {
  const { style } = out;
  const sign = severity === 'act' ? style.red('ACT ') : style.yellow('note');
  const age = since === null ? '' : ` for ${formatDurationMs(Math.max(1_000, atMs - Date.parse(since)))}`;
  out.line();
  out.line(`${sign}  ${style.bold(subject)}  ${kind.replaceAll('_', ' ')}${age}`);
  out.line(`      ${detail}`);
  if (next !== null) out.line(`      → ${next}`);
}

function summary({ stores, processes, views, runs, queue, backup }: StatusAnswer): [string, string][] {
  const store = (name: string, { state, answered_in_ms: ms }: StatusAnswer['stores']['redis']): string =>
    `${name} ${ms === null ? state.replace('_', ' ') : `${ms} ms`}`;
  const lines: [string, string][] = [
    ['stores', `${store('PostgreSQL', stores.database)}, ${store('Redis', stores.redis)}`],
  ];
  if (processes !== null)
    lines.push([
      'processes',
      `${count(processes.workers, 'worker')} (${count(processes.slots, 'slot')}), ${processes.inference} inference`,
    ]);
  if (views !== null)
    lines.push([
      'views',
      `${views.applied} applied, ${views.filled} filled, ${views.stale.length} stale of ${views.with_objective} with a freshness objective`,
    ]);
  if (runs !== null)
    lines.push([
      'runs',
      `${runs.open} open, ${runs.waiting} waiting, ${runs.held} held${runs.next_due === null ? '' : `; next due ${runs.next_due.view} at ${printableInstant(runs.next_due.at)}`}`,
    ]);
  // A service of an earlier release has none.
  if (queue !== null && queue !== undefined) lines.push(['queue', queueText(queue, processes?.slots ?? 0)]);
  if (backup !== null)
    lines.push([
      'backup',
      backup.archiving
        ? `log archived ${backup.archived_at === null ? 'never yet' : printableInstant(backup.archived_at)}`
        : 'PostgreSQL archives no log here',
    ]);
  return lines;
}

function queueText(
  { work_seconds: seconds, rows, oldest_age_seconds: ageSeconds }: NonNullable<StatusAnswer['queue']>,
  slots: number,
): string {
  if (seconds === 0) return 'no work waits';
  const share = slots === 0 ? '' : `, about ${durationText(seconds / slots)} for ${count(slots, 'slot')}`;
  const oldest = ageSeconds === 0 ? '' : `; the oldest waits ${durationText(ageSeconds)}`;
  return `${durationText(seconds)} of work in ${count(rows, 'row')}${share}${oldest}`;
}

function durationText(seconds: number): string {
  return formatDurationMs(Math.max(1, Math.ceil(seconds)) * 1_000);
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
