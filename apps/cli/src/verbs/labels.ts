import { basename, resolve } from 'node:path';
import { LarderError, MAX_PROBLEMS, shellWord } from '@larder/core';
import type { EntityManifest, Manifest } from '@larder/features';
import type { ImportedLabels } from '@larder/training';
import { z } from 'zod';
import { showImport } from '../labels/show-import.ts';
import type { Output } from '../output/output.ts';
import { printableCount } from '../output/printable.ts';
import { DONE, FAILED } from '../problem.ts';
import { defineVerb, wrongUsage } from '../verb.ts';

const FORMATS: Readonly<Record<string, 'parquet' | 'csv' | 'json'>> = {
  parquet: 'parquet',
  csv: 'csv',
  jsonl: 'json',
  ndjson: 'json',
  json: 'json',
};

export const verb = defineVerb({
  byName: true,
  describe(command) {
    command
      .argument('<action>', 'import')
      .argument('<file>', 'labels: .csv with a header, .parquet, or .jsonl')
      .requiredOption('--name <name>', 'name of the outcome: clicked')
      .option('--source <source>', 'who reports the events; their ids are unique within it [default]')
      .option('--entity <entity>', 'the labels are about this entity, whose join keys are columns')
      .addHelpText(
        'after',
        `
Columns: event_timestamp; value, or a column with the name of the outcome; prediction_id, or entity and key, or with
--entity the join keys; event_id (without it one target has one label per instant); corrects and weight if there are any.
Other columns are ignored. Text such as true or 0.25 in a CSV is a boolean or a number; a time without an offset is UTC.

The same events again change nothing: an import that was stopped is simply started again. Refused rows are
listed with the reason, and the others are stored; then the exit code is 1.

Examples:
  larder labels import clicks.csv --name clicked
  larder labels import returns.parquet --name returned --source shop --entity customer`,
      );
  },
  input: z.object({
    action: z.literal('import', 'must be import'),
    file: z.string(),
    name: z.string().regex(/^[a-z][a-z0-9_]{0,39}$/, 'is not a name, such as clicked'),
    source: z.string().min(1).max(200).optional(),
    entity: z.string().optional(),
  }),
  async run({ out, signal, control }, { file, name, source, entity }) {
    const format = FORMATS[/\.(\w+)$/.exec(file)?.[1]?.toLowerCase() ?? ''];
    if (format === undefined)
      throw wrongUsage('labels', [{ pointer: 'FILE', detail: 'must be a .csv, .parquet or .jsonl file' }]);
    const asked = await control();
    const { takeLabels } = await asked.rows();
    const about = entity === undefined ? null : entityOf(await asked.manifest(), entity);
    const { importLabels } = await import('@larder/training');
    const progress = showImport(out);
    let imported: ImportedLabels;
    try {
      imported = await importLabels(
        { take: takeLabels },
        {
          path: resolve(file),
          called: basename(file),
          format,
          name,
          source,
          entity: about,
        },
        { signal, onProgress: (now) => progress.update(now) },
      );
    } catch (error) {
      if (!signal.aborted) throw error;
      throw new LarderError(
        'CALLER_LEFT',
        `Stopped. What was read so far is stored; import ${shellWord(file)} again to store the rest.`,
        { cause: error },
      );
    } finally {
      progress.stop();
    }
    out.answer(imported, () => show(imported, { name, out }));
    return imported.refused === 0 ? DONE : FAILED;
  },
});

function entityOf({ entities }: Manifest, name: string): EntityManifest {
  const entity = Object.hasOwn(entities, name) ? entities[name] : undefined;
  if (entity !== undefined) return entity;
  throw wrongUsage('labels', [
    { pointer: '--entity', detail: `must be one of ${Object.keys(entities).join(', ')}` },
  ]);
}

function show(
  imported: ImportedLabels,
  { name, out }: { readonly name: string; readonly out: Output },
): void {
  const { rows, stored, known, refused, refusals } = imported;
  out.line(
    `${printableCount(rows)} labels ${name}: ${printableCount(stored)} stored, ${printableCount(known)} known already, ${printableCount(refused)} refused`,
  );
  for (const [code, count] of Object.entries(imported.refused_by_code))
    out.line(`  ${code}: ${printableCount(count)}`);
  for (const { row, event_id: eventId, errors } of refusals.slice(0, MAX_PROBLEMS))
    for (const { pointer, detail } of errors)
      out.line(`  row ${row} (${eventId}): ${pointer.slice(1)} ${detail}`);
  if (refused > MAX_PROBLEMS)
    out.note(`The first ${MAX_PROBLEMS} refused labels are shown; --json has more.`);
}
