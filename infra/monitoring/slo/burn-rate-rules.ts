import type { AlertRule, RecordingRule, RuleGroup } from '../rules.ts';
import { SLOS, type Slo, type Window } from './slos.ts';

/** How many times faster than the objective allows the budget burns, over a long window and, so that the alert resolves, a short one. */
interface Burn {
  readonly severity: AlertRule['severity'];
  readonly times: number;
  readonly long: Window;
  readonly short: Window;
}

/** The pairs of the SRE workbook of Google (chapter 5, table 5-8). */
const BURNS: readonly Burn[] = [
  { severity: 'page', times: 14.4, long: '1h', short: '5m' },
  { severity: 'page', times: 6, long: '6h', short: '30m' },
  { severity: 'ticket', times: 3, long: '1d', short: '2h' },
  { severity: 'ticket', times: 1, long: '3d', short: '6h' },
];

const WINDOWS: readonly Window[] = ['5m', '30m', '1h', '2h', '6h', '1d', '3d'];

export function ratioOf({ name }: Pick<Slo, 'name'>, window: Window): string {
  return `larder:${name}:bad_ratio_rate${window}`;
}

export function trafficOf({ name }: Pick<Slo, 'name'>, window: Window): string {
  return `larder:${name}:total_rate${window}`;
}

/** Share of bad events and rate of all events per window, and the alerts on them. */
export function sloGroups(): RuleGroup[] {
  return SLOS.map((slo) => ({
    name: `larder-slo-${slo.name.replaceAll('_', '-')}`,
    rules: [...windowsOf(slo).flatMap((window) => recordings(slo, window)), ...alerts(slo)],
  }));
}

function burnsOf({ severities = ['page', 'ticket'] }: Slo): readonly Burn[] {
  return BURNS.filter(({ severity }) => severities.includes(severity));
}

function windowsOf(slo: Slo): readonly Window[] {
  const used = new Set(burnsOf(slo).flatMap(({ long, short }) => [long, short]));
  // The shortest is what dashboards show.
  return WINDOWS.filter((window) => window === '5m' || used.has(window));
}

function recordings(slo: Slo, window: Window): RecordingRule[] {
  const total = trafficOf(slo, window);
  return [
    { record: total, expr: slo.total(window) },
    // Without any bad event there is no series of them: that is none, not unknown.
    { record: ratioOf(slo, window), expr: `(${slo.bad(window)} or ${total} * 0) / (${total} > 0)` },
  ];
}

function alerts(slo: Slo): AlertRule[] {
  const bySeverity = new Map<AlertRule['severity'], Burn[]>();
  for (const burn of burnsOf(slo))
    bySeverity.set(burn.severity, [...(bySeverity.get(burn.severity) ?? []), burn]);
  return [...bySeverity].map(([severity, burns]) => ({
    alert: `Larder${slo.title}${severity === 'page' ? 'Burning' : 'Eroding'}`,
    expr: burns.map((burn) => condition(slo, burn)).join(' or '),
    for: '2m',
    severity,
    summary: `Too few ${slo.what} (objective ${percent(slo.objective)} over 30 days): {{ $value | humanizePercentage }} are not. Look at ${slo.next}`,
    runbook: `Larder${slo.title}`,
  }));
}

function condition(slo: Slo, { times, long, short }: Burn): string {
  const limit = Number((times * (1 - slo.objective)).toPrecision(6));
  const on = `on (${slo.by.join(', ')})`;
  const guard = `and ${on} ${trafficOf(slo, long)} > ${slo.minPerSecond}`;
  return `(${ratioOf(slo, long)} > ${limit} and ${on} ${ratioOf(slo, short)} > ${limit} ${guard})`;
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(5))} %`;
}
