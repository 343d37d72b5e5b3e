import { formatDurationMs } from '@larder/core';
import type { LivingProcess } from '@larder/offline-store';
import type { Output } from './output.ts';
import { table } from './table.ts';

/** Prints running processes, one line each, and what on-call needs first: does a worker run, is every process warm. */
export function printProcesses(processes: readonly LivingProcess[], out: Output): void {
  const { style } = out;
  if (processes.length > 0) {
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
        each.larderVersion,
        formatDurationMs(Math.floor(each.upMs / 1_000) * 1_000),
        each.slots === null ? '' : String(each.slots),
        contents(each).join(', '),
      ]),
    );
    for (const line of lines) out.line(out.fit(line));
  }
  if (!processes.some(({ role }) => role === 'worker'))
    out.line(style.yellow('No worker runs: queued and scheduled runs wait. larder up starts one.'));
  if (!processes.some(({ role }) => role === 'inference'))
    out.line(style.yellow('No inference process runs: nothing answers predictions. larder up starts one.'));
}

function contents({ views, models }: LivingProcess): string[] {
  return [
    ...views.map(({ view, version }) => `${view}@${version}`),
    ...models.map(({ model, version, ready }) =>
      version === null
        ? `${model} (not loaded)`
        : `${model} version ${version}${ready ? '' : ' (not ready)'}`,
    ),
  ];
}
