/** One alert of Prometheus. */
export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  /** How long it must hold: `5m`. */
  readonly for: `${number}${'m' | 'h'}`;
  /** Who is told, and how: `page` wakes somebody up, `ticket` waits for the morning. */
  readonly severity: 'page' | 'ticket';
  /** What is wrong and what to do first; a template of Prometheus. */
  readonly summary: string;
  /** A heading of the guide `be-paged-and-act.md`. @default the name of the alert */
  readonly runbook?: string;
}

/** A query whose result Prometheus keeps under a name. */
export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
}

export interface RuleGroup {
  readonly name: string;
  readonly rules: readonly (AlertRule | RecordingRule)[];
}

const GUIDE = 'docs/guides/be-paged-and-act.md';

/** Anchor of an alert's section in the guide. */
export function runbookOf({ alert, runbook = alert }: AlertRule): string {
  return `${GUIDE}#${runbook.toLowerCase()}`;
}

/** A rule file of Prometheus. Strings are JSON, which YAML contains. */
export function rulesFile(comment: string, groups: readonly RuleGroup[]): string {
  const lines = comment.split('\n').map((line) => `# ${line}`);
  lines.push('groups:');
  for (const { name, rules } of groups)
    lines.push(`  - name: ${name}`, '    rules:', ...rules.flatMap((rule) => ruleLines(rule)));
  return `${lines.join('\n')}\n`;
}

/** The object by which the Prometheus Operator gives a Prometheus its rules. */
export function prometheusRule(name: string, comment: string, groups: readonly RuleGroup[]): string {
  const head = [
    'apiVersion: monitoring.coreos.com/v1',
    'kind: PrometheusRule',
    'metadata:',
    `  name: ${name}`,
    `  labels: { app.kubernetes.io/part-of: ${name} }`,
    'spec:',
  ];
  const [comments = '', ...lines] = rulesFile(comment, groups).trimEnd().split('\n');
  return [comments, ...head, ...lines.map((line) => `  ${line}`), ''].join('\n');
}

function ruleLines(rule: AlertRule | RecordingRule): string[] {
  if ('record' in rule)
    return [`      - record: ${rule.record}`, `        expr: ${JSON.stringify(rule.expr)}`];
  return [
    `      - alert: ${rule.alert}`,
    `        expr: ${JSON.stringify(rule.expr)}`,
    `        for: ${rule.for}`,
    `        labels: { severity: ${rule.severity} }`,
    '        annotations:',
    `          summary: ${JSON.stringify(rule.summary)}`,
    `          runbook: ${JSON.stringify(runbookOf(rule))}`,
  ];
}
