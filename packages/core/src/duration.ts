const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

/** A length of time as a person writes it: `'250ms'`, `'90s'`, `'15m'`, `'36h'`, `'7d'`, `'2w'`. */
export type Duration = `${number}${keyof typeof UNIT_MS}`;

const PATTERN = /^(\d+(?:\.\d+)?)(ms|s|m|h|d|w)$/;

/** Milliseconds of a `Duration`. @throws Error when the text is not a positive duration. */
export function parseDurationMs(text: string): number {
  const match = PATTERN.exec(text);
  const ms = match ? Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS] : 0;
  if (ms <= 0)
    throw new Error(
      `'${text}' is not a duration; write a positive number and a unit, such as '7d', '36h', '90s'.`,
    );
  return ms;
}

/** The largest two units of a time span: `8s`, `2m 5s`, `3d 4h`. For people; not parsed back. */
export function formatDurationMs(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)}ms`;
  const units = [
    ['d', UNIT_MS.d],
    ['h', UNIT_MS.h],
    ['m', UNIT_MS.m],
    ['s', UNIT_MS.s],
  ] as const;
  const first = units.findIndex(([, unitMs]) => ms >= unitMs);
  const parts: string[] = [];
  let rest = ms;
  for (const [name, unitMs] of units.slice(first, first + 2)) {
    const count = Math.floor(rest / unitMs);
    if (count > 0) parts.push(`${count}${name}`);
    rest -= count * unitMs;
  }
  return parts.join(' ');
}
