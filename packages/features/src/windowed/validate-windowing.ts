import { formatDurationMs, isName } from '@larder/core';
import type { FeatureView } from '../definition/feature-view.ts';
import { below, type Report } from '../validate/report.ts';
import { validateAggregate } from './validate-aggregate.ts';
import type { CompleteWindow } from './window.ts';
import type { Windowing } from './windowed-feature-view.ts';

const WINDOWS_MAX = 16;
const MIN_HOP_MS = 10_000;
/** A window is kept as one tile per hop, for every entity. */
const HOPS_MAX = 1_000;

/** Checks what a windowed feature view has beside a plain one. */
export function validateWindowing(view: FeatureView, windowed: Windowing, report: Report): void {
  const { eventSource, windows, aggregates } = windowed;
  if (eventSource?.kind !== 'event_source')
    return report(['source'], "must be an event source made by eventSource('ad_events', …).");
  validateJoinKeys(view, windowed, below(report, 'entity'));
  validateWindows(windows, below(report, 'windows'));
  validateRetention(windowed, below(report, 'windows'));
  if (Object.keys(aggregates).length === 0)
    report(['aggregates'], "must have at least one, such as { clicks: sum('clicks') }.");
  for (const [name, aggregate] of Object.entries(aggregates)) {
    const reportAggregate = below(report, 'aggregates', name);
    if (!isName(name)) reportAggregate([], `'${name}' is not a valid name.`);
    validateAggregate(aggregate, eventSource, reportAggregate);
  }
}

function validateJoinKeys({ entity }: FeatureView, { eventSource }: Windowing, report: Report): void {
  const keys = Object.entries(entity?.joinKeys ?? {});
  if (keys.length === 0 && entity !== undefined && Object.hasOwn(eventSource.schema ?? {}, entity.name))
    report(
      [],
      `'${entity.name}' has no join keys, and event source '${eventSource.name}' has a field of its name; rename one of them.`,
    );
  for (const [name, key] of keys) {
    const field = eventSource.schema?.[name];
    if (field === undefined)
      report([], `join key '${name}' is not a field of event source '${eventSource.name}'.`);
    else if (field.type !== key.type || field.safeInteger !== key.safeInteger)
      report(
        [],
        `join key '${name}' and the field of event source '${eventSource.name}' have different types.`,
      );
  }
}

function validateWindows(windows: readonly CompleteWindow[], report: Report): void {
  if (windows.length === 0) report([], "must have at least one window, such as '1h'.");
  if (windows.length > WINDOWS_MAX) report([], `has ${windows.length} windows; at most ${WINDOWS_MAX}.`);
  const names = new Set<string>();
  for (const [index, { name, windowMs, hopMs }] of windows.entries()) {
    const problem = windowProblem(name, windowMs, hopMs);
    if (problem !== null) report([index], problem);
    if (names.has(name)) report([index], `'${name}' is there twice.`);
    names.add(name);
  }
}

function windowProblem(name: string, windowMs: number, hopMs: number): string | null {
  if (Number.isNaN(windowMs) || !/^[1-9]\d*[smhdw]$/.test(name))
    return `'${name}' must be a whole number and a unit, such as '90s', '15m', '1h', '7d': it is part of the names of features.`;
  if (Number.isNaN(hopMs)) return `the hop of '${name}' must be a duration, such as '1h'.`;
  if (hopMs < MIN_HOP_MS || hopMs % 1_000 !== 0)
    return `the hop of '${name}' is ${hopMs / 1_000} s; it must be at least 10 s, in whole seconds. Declare it: { window: '${name}', hop: '10s' }.`;
  if (windowMs % hopMs !== 0) return `'${name}' must be a multiple of its hop (${formatDurationMs(hopMs)}).`;
  if (windowMs / hopMs > HOPS_MAX)
    return `'${name}' has ${windowMs / hopMs} hops; at most ${HOPS_MAX}. Declare a longer hop.`;
  return null;
}

function validateRetention({ eventSource, windows }: Windowing, report: Report): void {
  const { retentionMs, retention, name } = eventSource;
  if (retentionMs === 'forever' || Number.isNaN(retentionMs)) return;
  for (const [index, window] of windows.entries()) {
    if (window.windowMs + window.hopMs > retentionMs)
      report(
        [index],
        `'${window.name}' and its hop are longer than event source '${name}' keeps events (${retention}); keep them longer, or shorten the window.`,
      );
  }
}
