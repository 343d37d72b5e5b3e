import type { TrainingSetManifest } from '@larder/training';
import type { ListedSet } from '../control/control.ts';
import type { Output } from '../output/output.ts';
import { printableCount, printableInstant } from '../output/printable.ts';
import { table } from '../output/table.ts';

export function printManifest(
  manifest: TrainingSetManifest,
  { folder, out }: { readonly folder: string; readonly out: Output },
): void {
  const { spine, files, engine } = manifest;
  const of = manifest.model === null ? '' : ` of ${manifest.model.name}@${manifest.model.version}`;
  out.line(
    `Training set ${manifest.training_set_id}: ${printableCount(spine.rows)} rows, ${manifest.features.length} features${of}`,
  );
  out.line(`  folder    ${folder}`);
  for (const { path, rows, size_bytes: bytes } of files)
    out.line(`  file      ${path}  ${printableCount(rows)} rows  ${printableCount(bytes / 1e6)} MB`);
  out.line(`  rows      ${printableInstant(spine.from)} to ${printableInstant(spine.to)}`);
  if (spine.utc_assumed) out.line(`            some times have no zone and were read as UTC`);
  out.line(
    `  cut-off   ${manifest.cut_off === 'created' ? 'what the sources knew at the time of each row' : 'what the online store had at the time of each row'}`,
  );
  out.line(`  engine    ${engine.name}: ${engine.why}`);
  out.line(`  content   ${manifest.content_sha256}`);
  out.line('');
  const rows = manifest.features.map((feature) => [
    feature.name,
    feature.type,
    share(feature.nulls, spine.rows),
    share(feature.defaults_used, spine.rows),
    share(feature.not_found, spine.rows),
    share(feature.outside_max_age, spine.rows),
  ]);
  const columns = [
    { title: 'feature' },
    { title: 'type' },
    { title: 'null', align: 'right' as const },
    { title: 'default', align: 'right' as const },
    { title: 'not found', align: 'right' as const },
    { title: 'too old', align: 'right' as const },
  ];
  for (const line of table(columns, rows)) out.line(line);
}

/** `host:folder`; a service tells no folder. */
export function placeOf({ host, folder }: ListedSet): string {
  return folder === undefined ? `of a service on ${host}` : `${host}:${folder}`;
}

function share(count: number, rows: number): string {
  if (count === 0) return '0';
  const percent = (100 * count) / rows;
  return `${percent < 0.1 ? '<0.1' : printableCount(percent)}%`;
}

export function printTrainingSets(
  sets: readonly ListedSet[],
  { complete, out }: { readonly complete: boolean; readonly out: Output },
): void {
  if (sets.length === 0) {
    out.line('No training set was built yet. See: larder training-set --help');
    return;
  }
  const rows = sets.map((set) => [
    set.training_set_id,
    printableInstant(set.created_at),
    set.status,
    set.model === null ? '' : `${set.model.name}@${set.model.version}`,
    set.manifest === null ? '' : printableCount((set.manifest as TrainingSetManifest).spine.rows),
    set.error === null ? (set.folder ?? placeOf(set)) : `${set.error.code}: ${set.error.reason}`,
  ]);
  const columns = [
    { title: 'training set' },
    { title: 'built' },
    { title: 'status' },
    { title: 'model' },
    { title: 'rows', align: 'right' as const },
    { title: 'folder', max: 60 },
  ];
  for (const line of table(columns, rows)) out.line(line);
  if (!complete) out.line('There are older ones: raise --limit.');
}
