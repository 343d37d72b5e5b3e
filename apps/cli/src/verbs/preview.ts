import { LarderError } from '@larder/core';
import {
  encodeJsonValue,
  viewRef,
  type FeatureViewManifest,
  type FieldValue,
  type JsonValue,
} from '@larder/features';
import { z } from 'zod';
import { computingProject, replacedText } from '../computing-project.ts';
import type { Output } from '../output/output.ts';
import { printableValue } from '../output/printable.ts';
import { findView, previewRows, type PreviewedRow } from '../preview/preview-row.ts';
import { DONE, FAILED } from '../problem.ts';
import { defineVerb } from '../verb.ts';

export const verb = defineVerb({
  describe(command) {
    command
      .argument('<view>', 'view, such as ad_image (its newest version) or ad_image@1')
      .requiredOption('--entity <key>', "the entity's key; join the parts of a composite key with '|'")
      .addHelpText(
        'after',
        `
Reads the entity from the view's source and computes it in this process, with the larder.config.ts on disk. Nothing is
written, and neither stores nor workers are needed. Of a view that is applied, artifacts whose folder was overwritten
or lost since are taken from the artifact store, as workers take them.

Example:
  larder preview picture_light --entity blue.png`,
      );
  },
  input: z.object({ view: z.string(), entity: z.string() }),
  async run(session, typed) {
    const { out } = session;
    const computing = await computingProject(session);
    const view = findView(computing.project, typed.view);
    for (const each of computing.replacedOf(viewRef(view))) out.note(`${replacedText(each)} is used.`);
    const rows = await previewRows(session, computing, { view, key: typed.entity });
    if (rows.length === 0)
      throw new LarderError(
        'ENTITY_NOT_FOUND',
        `The source of ${viewRef(view)} has no row for ${typed.entity}.`,
      );
    out.answer(
      { view: viewRef(view), entity: typed.entity, rows: rows.map((row) => rowJson(view, row)) },
      () => {
        for (const row of rows) printRow(view, row, out);
      },
    );
    return rows.every(({ outcome }) => 'values' in outcome) ? DONE : FAILED;
  },
});

function rowJson(view: FeatureViewManifest, { row, outcome, computeMs }: PreviewedRow): object {
  return {
    source: row,
    ...('failure' in outcome ? outcome : { values: valuesJson(view, outcome.values) }),
    compute_ms: computeMs,
  };
}

function valuesJson(
  view: FeatureViewManifest,
  values: Readonly<Record<string, FieldValue | null>>,
): Record<string, JsonValue> {
  return Object.fromEntries(
    view.schema.map((field) => [field.name, encodeJsonValue(field, values[field.name] ?? null)]),
  );
}

function printRow(view: FeatureViewManifest, { row, outcome, computeMs }: PreviewedRow, out: Output): void {
  const { style } = out;
  out.line(`${style.bold(viewRef(view))}  computed in ${computeMs.toFixed(1)} ms, not stored`);
  for (const [name, value] of Object.entries(row))
    out.line(style.dim(`  ${name.padEnd(18)}${printableValue(undefined, jsonOf(value), out.columns - 20)}`));
  if ('failure' in outcome) {
    out.line(style.red(`  ${outcome.failure.code}  ${outcome.failure.reason}`));
    return;
  }
  const json = valuesJson(view, outcome.values);
  for (const field of view.schema)
    out.line(
      `    ${field.name.padEnd(18)}${style.cyan(printableValue(field, json[field.name] ?? null, out.columns - 22))}`,
    );
}

function jsonOf(value: unknown): JsonValue {
  return (
    value instanceof Date || typeof value === 'bigint'
      ? String(value instanceof Date ? value.toISOString() : value)
      : (value ?? null)
  ) as JsonValue;
}
