import type { Report } from './report.ts';

/** Checks a `Duration` option, given with the milliseconds it was parsed to. */
export function validateWholeMs(text: unknown, ms: number, expected: string, report: Report): void {
  if (!Number.isSafeInteger(ms) || ms < 1) {
    report(
      [],
      `'${String(text)}' must be ${expected}: a positive number and a unit, such as '7d', '36h', '90s', '100ms'.`,
    );
  }
}

export function validateLabels(
  labels: { readonly owner: unknown; readonly tags: Readonly<Record<string, unknown>> },
  report: Report,
): void {
  if (labels.owner !== null && typeof labels.owner !== 'string') report(['owner'], 'must be text.');
  for (const [name, value] of Object.entries(labels.tags)) {
    if (typeof value !== 'string') report(['tags', name], 'must be text.');
  }
}
