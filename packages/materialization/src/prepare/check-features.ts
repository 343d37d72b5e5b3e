import { viewRef, type FeatureViewManifest, type FieldValue, type RowOutcome } from '@larder/features';
import type { LandedFailure } from '../runs/index.ts';
import { checkFeatureValue, plainFeatureValue } from './feature-value.ts';
import { rowFailure, type PreparedRow } from './prepare-rows.ts';

export type CheckedFeatures =
  | { readonly ok: true; readonly values: Readonly<Record<string, FieldValue | null>> }
  | { readonly ok: false; readonly failure: LandedFailure };

export type CheckedValues =
  | { readonly ok: true; readonly values: Readonly<Record<string, FieldValue | null>> }
  | { readonly ok: false; readonly detail: string };

/** The result of a computation for a row, checked against the view's schema. */
export function checkOutcome(
  view: FeatureViewManifest,
  row: PreparedRow,
  outcome: RowOutcome,
): CheckedFeatures {
  if ('failure' in outcome) {
    const { code, reason, retryable } = outcome.failure;
    return { ok: false, failure: rowFailure(row, code, reason, retryable) };
  }
  return ofRow(row, checkComputed(view, outcome.values));
}

/** Reads the view's features from the columns of the source row. */
export function checkSourceRow(view: FeatureViewManifest, row: PreparedRow): CheckedFeatures {
  return ofRow(row, checkValues(view, row.source));
}

/**
 * Converts the values of a computation to its view's features. From a built-in computation the schema selects what it
 * declares; the project's own code must return exactly the declared features, so that a misspelled one is found.
 */
export function checkComputed(
  view: FeatureViewManifest,
  given: Readonly<Record<string, unknown>>,
): CheckedValues {
  const readyMade = view.compute?.code_sha256 === null;
  const undeclared = Object.keys(given).find(
    (name) => !readyMade && !view.schema.some((field) => field.name === name),
  );
  if (undeclared !== undefined)
    return {
      ok: false,
      detail: `${undeclared} is not declared in the schema of ${viewRef(view)}; declare it there, or remove it from the result of compute.`,
    };
  return checkValues(view, given);
}

/** Selects the features of a schema from columns or values, which may have more. */
export function checkValues(
  view: FeatureViewManifest,
  given: Readonly<Record<string, unknown>>,
): CheckedValues {
  const values: Record<string, FieldValue | null> = {};
  for (const field of view.schema) {
    const value = given[field.name];
    if (value === null) {
      values[field.name] = null;
      continue;
    }
    const plain = plainFeatureValue(field, value);
    if (plain !== undefined) {
      values[field.name] = plain;
      continue;
    }
    const checked = checkFeatureValue(field, value);
    if (!checked.ok) return { ok: false, detail: `${viewRef(view)}: ${checked.detail}.` };
    values[field.name] = checked.value;
  }
  return { ok: true, values };
}

function ofRow(row: PreparedRow, checked: CheckedValues): CheckedFeatures {
  if (checked.ok) return checked;
  return { ok: false, failure: rowFailure(row, 'FEATURE_VALUE_INVALID', checked.detail) };
}
