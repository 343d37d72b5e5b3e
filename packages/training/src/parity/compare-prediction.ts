import { isDeepStrictEqual } from 'node:util';
import { encodeJsonValue, viewRef, type FieldValue } from '@larder/features';
import type { LoggedPrediction, OfflineStore } from '@larder/offline-store';
import { explainReading, sameReading } from './explain-reading.ts';
import { explainWindows } from './explain-windows.ts';
import type { ParityColumn, ParityPlan } from './parity-plan.ts';
import type { Difference, ParityCounts } from './parity-report.ts';
import type { RebuiltOnDemand } from './rebuild-on-demand.ts';
import type { Rebuilt } from './rebuild-readings.ts';

export interface RebuiltPrediction {
  readonly prediction: LoggedPrediction;
  readonly readings: Rebuilt;
  readonly onDemand: RebuiltOnDemand;
}

/** Compares every feature of one prediction with what was logged: scalars by value, vectors by the row that was read. */
export async function comparePrediction(
  store: OfflineStore,
  plan: ParityPlan,
  rebuilt: RebuiltPrediction,
  counts: ParityCounts,
): Promise<void> {
  const { prediction, readings, onDemand } = rebuilt;
  const differing = await differingViews(store, plan, rebuilt);
  const { scalars } = prediction;
  const otherWidth =
    scalars !== null && scalars.length !== plan.columns.filter(({ scalar }) => scalar !== null).length;
  let hidden = false;
  for (const column of plan.columns) {
    const { ref, view, reads } = column;
    const fromView = [...reads].flatMap((read) => differing.get(read) ?? [])[0];
    if (view !== null && !readings.has(view)) {
      hidden = true;
      continue;
    }
    if (view === null && typeof onDemand === 'string') continue;
    const values = valuesOf(column, rebuilt, plan.model.missing === 'nan' ? Number.NaN : plan.model.missing);
    const logged = otherWidth || column.scalar === null ? undefined : scalars?.[column.scalar];
    const report = (difference: Difference | null): void =>
      counts.compared(
        ref,
        difference && {
          ...difference,
          predictionId: prediction.predictionId,
          logged: logged ?? prediction.views.find((each) => each.ref === view) ?? null,
          rebuilt: encodeJsonValue(column.field, values.used),
        },
      );
    if (fromView !== undefined && view !== null) report(fromView);
    else if (otherWidth)
      report({
        cause: 'version',
        explanation: null,
        detail: 'the log has another number of scalars than the model version',
      });
    else if (column.scalar === null && view === null) report(onDemandDifference(column, prediction, values));
    else if (logged === undefined || logged === null || isSame(logged, values.inTensor)) report(null);
    else
      report(
        fromView ??
          (await explainWindows(store, plan, { reads, prediction, readings })) ??
          differenceOf(column, prediction, values),
      );
  }
  if (hidden) counts.unchecked('key_hidden');
  if (typeof onDemand === 'string' && plan.onDemand.views.length > 0) counts.unchecked(onDemand);
}

async function differingViews(
  store: OfflineStore,
  plan: ParityPlan,
  { prediction, readings }: RebuiltPrediction,
): Promise<Map<string, Difference>> {
  const found = new Map<string, Difference>();
  for (const view of plan.groups.flatMap(({ views }) => views)) {
    const ref = viewRef(view);
    const reading = readings.get(ref);
    if (reading === undefined) continue;
    const logged = prediction.views.find((each) => each.ref === ref);
    if (logged === undefined) {
      const other =
        prediction.views.find((each) => each.ref.startsWith(`${view.name}@`))?.ref ?? 'no version of it';
      found.set(ref, { cause: 'version', explanation: null, detail: `the prediction read ${other}` });
    } else if (!sameReading(view, logged, reading))
      found.set(ref, await explainReading(store, { plan, view, prediction, logged, rebuilt: reading }));
  }
  return found;
}

interface RebuiltValues {
  /** Null: missing, or null in the source or by the function. */
  readonly given: FieldValue;
  /** With the declared default. */
  readonly used: FieldValue;
  readonly inTensor: number;
}

function valuesOf(
  { field, defaultValue, view, onDemandView, ref, scalar }: ParityColumn,
  rebuilt: RebuiltPrediction,
  missing: number,
): RebuiltValues {
  const { readings, onDemand } = rebuilt;
  const reading = view === null ? undefined : readings.get(view);
  const stored = reading?.status === 'PRESENT' ? (reading.values[field.name] ?? null) : null;
  const computed = typeof onDemand === 'string' ? null : (onDemand[onDemandView]?.[field.name] ?? null);
  const given = view === null ? computed : stored;
  const used = given ?? defaultValue;
  const inTensor = scalar === null ? Number.NaN : used === null ? missing : numberOf(used, ref);
  return { given, used, inTensor };
}

/** A value of a function that is no scalar of the tensor: the log has it by name. */
function onDemandDifference(
  column: ParityColumn,
  prediction: LoggedPrediction,
  values: RebuiltValues,
): Difference | null {
  const [view = '', name = ''] = column.ref.split(':');
  const logged = prediction.onDemand?.[view]?.[name];
  const isHidden = column.field.sensitive !== undefined || logged === undefined;
  if (isHidden || isDeepStrictEqual(logged, encodeJsonValue(column.field, values.used))) return null;
  return differenceOf(column, prediction, values);
}

function differenceOf(
  { ref, view, defaultValue }: ParityColumn,
  prediction: LoggedPrediction,
  { given }: RebuiltValues,
): Difference {
  const loggedDefault = prediction.defaultsUsed?.includes(ref) ?? false;
  const rebuiltDefault = given === null && defaultValue !== null;
  if (loggedDefault !== rebuiltDefault)
    return {
      cause: 'default',
      explanation: null,
      detail: loggedDefault ? 'the default was used, and is not needed now' : 'the default was not used',
    };
  if (loggedDefault) return { cause: 'default', explanation: null, detail: 'another default was used' };
  const detail =
    view === null ? 'the function gives another value for the same inputs' : 'the same row has another value';
  return { cause: 'value', explanation: null, detail };
}

function numberOf(value: FieldValue, ref: string): number {
  if (typeof value === 'number') return Math.fround(value);
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (value instanceof Float32Array) return Number.NaN;
  throw new Error(`${ref} cannot go into a tensor.`);
}

function isSame(logged: number, rebuilt: number): boolean {
  return Math.fround(logged) === rebuilt || (Number.isNaN(logged) && Number.isNaN(rebuilt));
}
