import type { Run } from '@larder/contracts';
import { formatDurationMs, shellWord } from '@larder/core';
import type { Manifest } from '@larder/features';
import type { InspectedEntity, InspectedView } from '@larder/serving';
import type { Output } from './output.ts';
import { printWindows } from './print-windows.ts';
import { printableAge, printableAgo, printableCount, printableInstant, printableValue } from './printable.ts';

export interface InspectionContext {
  readonly manifest: Manifest;
  /** Runs that wrote the stored rows, by id. */
  readonly runs: ReadonlyMap<string, Run>;
}

/** Prints what on-call needs: what is stored, how old it is, which job wrote it. */
export function printInspection(held: InspectedEntity, context: InspectionContext, out: Output): void {
  const { style } = out;
  const expires = held.expires_at === null ? 'never expires' : `expires ${printableInstant(held.expires_at)}`;
  out.line(`${style.bold(`${held.entity} ${held.key}`)}  project ${context.manifest.project}`);
  out.line(
    style.dim(
      `Redis key ${held.redis_key}  ${printableCount(held.memory_bytes)} bytes of memory, ${expires}`,
    ),
  );
  if (!held.history_available)
    out.line(style.yellow('PostgreSQL does not answer: landed times, runs and chunks are unknown.'));
  for (const view of held.views) printView(view, { ...context, held }, out);
  for (const { ref, reason, detail } of held.missing) {
    out.line();
    const status = reason === 'no_events' ? style.green('PRESENT') : style.red('NOT_FOUND');
    out.line(`${style.bold(ref)}  ${status}  ${reason.replaceAll('_', ' ')}`);
    out.line(`  ${detail}`);
  }
}

interface ViewContext extends InspectionContext {
  readonly held: InspectedEntity;
}

function printView(view: InspectedView, { held, ...context }: ViewContext, out: Output): void {
  const { style } = out;
  const paint = view.status === 'PRESENT' ? style.green : style.yellow;
  const windowed = context.manifest.feature_views[view.ref]?.windowed;
  const isWindowed = windowed !== undefined && view.windows !== undefined;
  const age = isWindowed
    ? `newest event ${printableAgo(view.age_ms)}`
    : `${printableAge(view.age_ms)}, ${ttlText(view)}`;
  // A service of an earlier release does not tell.
  const objectiveMs = view.freshness_objective_ms ?? null;
  const objective = objectiveMs === null ? '' : `, freshness objective ${formatDurationMs(objectiveMs)}`;
  out.line();
  out.line(
    `${style.bold(view.ref)}  ${paint(view.status)}  ${age}${objective}, ${printableCount(view.size_bytes)} bytes`,
  );
  const nowMs = Date.parse(view.event_timestamp) + view.age_ms;
  instant(
    'event',
    view.event_timestamp,
    isWindowed ? 'when the newest event happened' : 'when the values were true',
  );
  instant('created', view.created_timestamp, 'when the source recorded them');
  instant('landed', view.landed_at, 'when Larder wrote them to history');
  instant('online', view.online_at, 'when predictions could read them');
  const { written_by: by } = view;
  if (by !== null) fact('run', `${by.run_id}  ${runText(context.runs.get(by.run_id), nowMs)}`);
  if (isWindowed) {
    printWindows(view, windowed, out);
    return;
  }
  if (by === null && view.landed_at !== null)
    fact('run', 'forgotten: it ended longer ago than runs are kept (LARDER_RUN_RETENTION)');
  else if (by === null && held.history_available) fact('run', 'unknown to history');
  fact('chunk', `${by === null ? 'unknown' : by.chunk_id}, revision ${view.revision}`);
  if (view.values === null) {
    const why =
      view.status === 'UNREADABLE'
        ? `The row is damaged; write it again: larder backfill ${view.ref} --entity ${shellWord(held.key)} --force`
        : 'The values cannot be read: no applied definition has this version and schema.';
    out.line(`  ${style.yellow(why)}`);
    return;
  }
  const schema = context.manifest.feature_views[view.ref]?.schema ?? [];
  const names = Object.keys(view.values);
  const width = Math.max(...names.map((name) => name.length));
  for (const name of names) {
    const field = schema.find((candidate) => candidate.name === name);
    const text = printableValue(field, view.values[name] ?? null, out.columns - width - 6);
    out.line(`    ${name.padEnd(width)}  ${style.cyan(text)}`);
  }

  function fact(name: string, text: string): void {
    out.line(`  ${style.dim(name.padEnd(8))}${text}`);
  }
  function instant(name: string, iso: string | null, meaning: string): void {
    if (iso === null) return;
    const ago = printableAgo(nowMs - Date.parse(iso));
    fact(name, `${printableInstant(iso)}  ${ago.padEnd(12)}  ${style.dim(meaning)}`);
  }
}

function ttlText(view: InspectedView): string {
  if (view.ttl_ms === null) return 'TTL unknown';
  if (view.ttl_ms === 'forever') return 'kept for ever';
  const ttl = formatDurationMs(view.ttl_ms);
  return view.ttl_left_ms === 0 || view.ttl_left_ms === null
    ? `older than its TTL of ${ttl}`
    : `${formatDurationMs(view.ttl_left_ms)} left of ${ttl}`;
}

function runText(run: Run | undefined, nowMs: number): string {
  if (run === undefined) return '';
  const ended = run.finished_at === null ? '' : ` ${printableAgo(nowMs - Date.parse(run.finished_at))}`;
  return `${run.trigger}, ${run.status}${ended}`;
}
