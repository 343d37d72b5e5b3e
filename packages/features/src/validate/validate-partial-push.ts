import type { FeatureView } from '../definition/feature-view.ts';
import type { PartialPush, WhenLeftOut } from '../definition/partial-push.ts';
import { whenLeftOut } from '../definition/partial-push.ts';
import { pushedColumnsOfDefinition } from '../manifest/partial-push-manifest.ts';
import type { Report } from './report.ts';

const RULES: ReadonlySet<unknown> = new Set<WhenLeftOut>(['refuse', 'keep', 'null']);
const EXPECTED = "must be 'refuse', 'keep' or 'null'";
/** Column of history that says from when the values of a row are that it did not have itself. */
const KEPT_COLUMN = 'kept_from';

/** Checks which features of a pushed row may be left out. */
export function validatePartialPush(view: FeatureView, report: Report): void {
  const { partialPush: given } = view;
  if (given === 'refuse') return;
  if (!isRule(given, report)) return;
  if (view.compute !== null && view.source?.kind !== 'push')
    return report(
      [],
      'makes no sense: the view computes its features from its source, so its rows cannot be pushed.',
    );
  const columns = pushedColumnsOfDefinition(view);
  for (const name of Object.keys(typeof given === 'string' ? {} : (given.fields ?? {})))
    if (!columns.some((column) => column.name === name))
      report(['fields', name], `is not a ${view.compute === null ? 'feature' : 'column'} of a pushed row.`);
  if (!columns.some(({ name }) => whenLeftOut(given, name) === 'keep')) return;
  if (view.compute !== null)
    return report(
      [],
      "cannot be 'keep': history has the computed features, not the columns they came from. Push whole rows, or use 'null'.",
    );
  const names = [...Object.keys(view.schema ?? {}), ...Object.keys(view.entity?.joinKeys ?? {})];
  if (names.includes(KEPT_COLUMN))
    report([], `cannot be 'keep': history needs a column named '${KEPT_COLUMN}'; rename this field.`);
}

function isRule(given: unknown, report: Report): given is PartialPush {
  if (RULES.has(given)) return true;
  if (typeof given !== 'object' || given === null) {
    report([], `${EXPECTED}, or { default: 'keep', fields: { price: 'null' } }.`);
    return false;
  }
  const { default: other, fields, ...rest } = given as Record<string, unknown>;
  const wrong = Object.keys(rest);
  for (const name of wrong) report([name], "is not known; there are 'default' and 'fields'.");
  let sound = wrong.length === 0;
  const check = (path: readonly string[], rule: unknown): void => {
    if (RULES.has(rule)) return;
    sound = false;
    report(path, `${EXPECTED}.`);
  };
  if (other !== undefined) check(['default'], other);
  if (fields !== undefined && (typeof fields !== 'object' || fields === null)) {
    report(['fields'], "must be an object such as { price: 'null' }.");
    return false;
  }
  for (const [name, rule] of Object.entries(fields ?? {})) check(['fields', name], rule);
  return sound;
}
