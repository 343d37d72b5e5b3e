import { isDeepStrictEqual } from 'node:util';
import { formatDurationMs } from '@larder/core';
import type { EventSourceManifest, FieldManifest, Manifest } from '@larder/features';
import type { PlanLines } from './plan.ts';

/** Lines for every event source; fields may be added, and those that history has stay as they are. */
export function compareEventSources(lines: PlanLines, was: Manifest | null, next: Manifest): void {
  const applied = was?.event_sources ?? {};
  for (const [name, source] of Object.entries(next.event_sources ?? {})) {
    const before = applied[name];
    if (before === undefined) lines.create(`event source ${name}`);
    else compareSource(lines, before, source);
  }
  for (const name of Object.keys(applied))
    if (next.event_sources?.[name] === undefined)
      lines.remove(`event source ${name}`, 'its events are no longer taken; those in history stay');
}

function compareSource(lines: PlanLines, was: EventSourceManifest, now: EventSourceManifest): void {
  const subject = `event source ${now.name}`;
  const clauses = fieldClauses(was.schema, now.schema);
  if (clauses.length > 0)
    return lines.refuse({
      code: 'EVENT_SOURCE_IMMUTABLE',
      subject,
      pointer: `/event_sources/${now.name}/schema`,
      message: `${subject} is applied, and its fields cannot change: ${clauses.join('; ')}. Keep them and add a field of another name.`,
    });
  const added = now.schema.filter(({ name }) => !was.schema.some((field) => field.name === name));
  for (const { name, type } of added) lines.change(subject, `add field ${name} (${type}) to ${subject}`);
  if (was.retention_ms !== now.retention_ms)
    lines.change(
      subject,
      `change retention of ${subject}: ${durationText(was.retention_ms)} → ${durationText(now.retention_ms)}`,
    );
  if (!isDeepStrictEqual(was.backfill, now.backfill)) lines.change(subject, `change backfill of ${subject}`);
}

function fieldClauses(was: readonly FieldManifest[], now: readonly FieldManifest[]): string[] {
  return was.flatMap((field) => {
    const next = now.find(({ name }) => name === field.name);
    if (next === undefined) return [`field ${field.name} was removed`];
    return isDeepStrictEqual(field, next)
      ? []
      : [`field ${field.name} became ${next.type} (was ${field.type})`];
  });
}

function durationText(value: number | 'forever'): string {
  return typeof value === 'number' ? formatDurationMs(value) : value;
}
