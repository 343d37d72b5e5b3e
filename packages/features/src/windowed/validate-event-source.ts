import type { Entity } from '../definition/entity.ts';
import { below, type Report } from '../validate/report.ts';
import { validateFields } from '../validate/validate-fields.ts';
import { validateName } from '../validate/validate-names.ts';
import { validateWholeMs } from '../validate/validate-options.ts';
import type { EventSource } from './event-source.ts';

const MIN_RETENTION_MS = 86_400_000;
/** Columns of an event beside its fields; the history's own are reserved everywhere. */
const RESERVED_NAMES: ReadonlySet<string> = new Set(['event_id', 'edition', 'retracted', 'is_retracted']);

export function validateEventSource(source: EventSource, report: Report): void {
  validateName(source.name, report);
  validateFields(
    source.schema,
    {
      types: {
        allowed: ['float32', 'float64', 'int64', 'bool', 'string', 'timestamp'],
        otherwise: 'a field of an event is one value.',
      },
      noDefault: 'aggregates leave a null out.',
      notSensitive: 'the prediction log keeps aggregates, not events.',
    },
    below(report, 'schema'),
  );
  for (const name of Object.keys(source.schema ?? {})) {
    if (RESERVED_NAMES.has(name))
      report(['schema', name], `'${name}' is a column of every event; choose another name.`);
  }
  validateRetention(source, below(report, 'retention'));
  if (source.backfill === null) return;
  if (typeof source.backfill?.kind !== 'string' || typeof source.backfill.problems !== 'function')
    return report(['backfill'], 'must be a source, such as sqlSource({ connection, query }).');
  if (source.backfill.kind !== 'sql')
    return report(['backfill'], 'must be a sqlSource: events of the past are read from a query.');
  for (const { path, detail } of source.backfill.problems({ entity: {} as Entity }))
    report(['backfill', ...path], detail);
}

function validateRetention({ retention, retentionMs }: EventSource, report: Report): void {
  if (retentionMs === 'forever') return;
  validateWholeMs(retention, retentionMs, "'forever' or a duration", report);
  if (retentionMs < MIN_RETENTION_MS) report([], 'must be at least 1d.');
}
