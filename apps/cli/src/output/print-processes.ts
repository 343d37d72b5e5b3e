import { formatDurationMs } from '@larder/core';
import type { ListedProcess } from '../control/control.ts';
import type { Output } from './output.ts';
import { table } from './table.ts';

/** The applied version of a model by its name. */
export type AppliedVersions = ReadonlyMap<string, number>;

/** Prints running processes, one line each. */
export function printProcesses(
  processes: readonly ListedProcess[],
  applied: AppliedVersions,
  out: Output,
): void {
  if (processes.length === 0) return;
  const lines = table(
    [
      { title: 'ROLE' },
      { title: 'HOST', max: 32 },
      { title: 'PID', align: 'right' },
      { title: 'VERSION' },
      { title: 'UP' },
      { title: 'SLOTS', align: 'right' },
      { title: 'COMPUTES OR SERVES' },
    ],
    processes.map((each) => [
      each.role,
      each.host,
      String(each.pid),
      each.larder_version,
      formatDurationMs(Math.floor(upMs(each) / 1_000) * 1_000),
      each.slots === null ? '' : String(each.slots),
      contents(each, applied).join(', '),
    ]),
  );
  for (const line of lines) out.line(out.fit(line));
}

/** Prints what on-call needs first: which of the two roles does nobody play. Needs all processes of the project. */
export function printAbsentRoles(processes: readonly ListedProcess[], { line, style }: Output): void {
  if (!processes.some(({ role }) => role === 'worker'))
    line(style.yellow('No worker runs: queued and scheduled runs wait. larder worker starts one.'));
  if (!processes.some(({ role }) => role === 'inference'))
    line(style.yellow('No inference process runs: nothing answers predictions. larder serve starts one.'));
}

/** By the clock of PostgreSQL alone, up to its last sign of life. */
function upMs({ started_at: startedAt, heartbeat_at: heartbeatAt }: ListedProcess): number {
  return Math.max(0, Date.parse(heartbeatAt) - Date.parse(startedAt));
}

function contents({ views, models }: ListedProcess, applied: AppliedVersions): string[] {
  return [...views.map(({ ref }) => ref), ...models.map((each) => servedText(each, applied.get(each.model)))];
}

type LoadedModel = ListedProcess['models'][number];

/** A version with the aliases that it answers for, and why one of them has not moved on. */
function servedText(each: LoadedModel, applied: number | undefined): string {
  const { model, version, ready, aliases } = each;
  if (aliases.length === 0 && !ready) return servedByOlder(each, applied);
  const texts = aliases.map(({ alias, problem }) =>
    problem === null ? alias : `${alias}: version ${problem.version} cannot be served`,
  );
  if (version === null) return `${model} (${['not loaded', ...texts].join('; ')})`;
  return `${model} version ${version}${texts.length === 0 ? '' : ` (${texts.join('; ')})`}`;
}

/** A release without aliases: while the applied version cannot be loaded, the one before it still answers. */
function servedByOlder({ model, version, ready }: LoadedModel, applied: number | undefined): string {
  if (version === null) return `${model}${applied === undefined ? '' : ` version ${applied}`} (not loaded)`;
  if (ready) return `${model} version ${version}`;
  return applied === undefined || applied === version
    ? `${model} version ${version} (not ready)`
    : `${model} version ${version} (applied version ${applied} is not loaded)`;
}
