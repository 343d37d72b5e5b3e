/*
 * Budget: the cost of the project's own function, plus about 0.5 µs for its two arguments. Predictions, unit tests
 * and training sets all use this: checks, defaults and error messages are decided once.
 */
import { LarderError } from '@larder/core';
import type { FieldValue } from '../definition/field.ts';
import { valueProblem } from '../values/value-problem.ts';
import type {
  CompiledOnDemandView,
  OnDemandArguments,
  OnDemandFeature,
  StoredInput,
} from './on-demand-views.ts';
import { ownValue } from './own-value.ts';
import type { SharedArguments } from './shared-inputs.ts';

/** The values of one row by their places in `OnDemandViews`; the owner of the rows moves it from one to the next. */
export interface OnDemandInputs {
  requestField(place: number): FieldValue;
  /** Value as stored, for this caller alone; null where there is none: `evaluate` applies the declared default. */
  storedFeature(view: number, place: number): FieldValue;
}

/** Checked result of an on-demand function for a row: features by name, null where it has none. */
export type OnDemandResult = Readonly<Record<string, FieldValue>>;

/**
 * Runs the function of one on-demand feature view for one row.
 * @returns ON_DEMAND_FAILED when it throws or returns values that do not fit its schema
 */
export function evaluate(
  view: CompiledOnDemandView,
  inputs: OnDemandInputs,
  context: EvaluationContext,
): OnDemandResult | LarderError {
  return checkedResult(view, argumentsOf(view, inputs, context), ON_DEMAND);
}

export interface EvaluationContext {
  /** Results of the views before it, by their places in `OnDemandViews.views`. */
  readonly earlier: readonly OnDemandResult[];
  /** Null: rows share nothing. */
  readonly shared: SharedArguments | null;
}

/** How errors name a function and what it gives. */
export interface FunctionWords {
  readonly definition: string;
  readonly value: string;
  readonly values: string;
}

const ON_DEMAND: FunctionWords = {
  definition: 'on-demand feature view',
  value: 'on-demand feature',
  values: 'features',
};

/** Calls the function and checks what it returns. @returns ON_DEMAND_FAILED when it throws or the values do not fit */
export function checkedResult<Given>(
  view: CheckedFunction<Given>,
  given: Given,
  words: FunctionWords,
): OnDemandResult | LarderError {
  try {
    const result = view.compute(given);
    return problemOf(view, result, words) ?? (result as OnDemandResult);
  } catch (cause) {
    return failed(`The ${words.definition} ${view.name} threw; the log has the cause.`, cause);
  }
}

interface CheckedFunction<Given> {
  readonly name: string;
  readonly compute: (given: Given) => unknown;
  readonly features: readonly OnDemandFeature[];
}

/** A member may be a getter, which throws only here. */
function problemOf(
  view: Omit<CheckedFunction<unknown>, 'compute'>,
  result: unknown,
  words: FunctionWords,
): LarderError | null {
  if (typeof result !== 'object' || result === null)
    return failed(`The ${words.definition} ${view.name} did not return an object of ${words.values}.`);
  // An async function: nobody awaits it, and an unhandled rejection would end the process.
  if (result instanceof Promise) result.catch(() => {});
  const features = result as OnDemandResult;
  for (let i = 0; i < view.features.length; i++) {
    const { name, field } = view.features[i] as OnDemandFeature;
    const value = features[name];
    if (value === null) continue;
    const problem = valueProblem(field, value);
    if (problem !== null)
      return failed(`The ${words.value} ${view.name}:${name} ${problem}; return null for no value.`);
  }
  return null;
}

/** The value of a feature after its default is applied. */
export function onDemandValue(result: OnDemandResult, feature: OnDemandFeature): FieldValue {
  return result[feature.name] ?? feature.defaultValue;
}

function argumentsOf(
  view: CompiledOnDemandView,
  inputs: OnDemandInputs,
  { earlier, shared }: EvaluationContext,
): OnDemandArguments {
  const request = shared?.request ?? requestOf(view, inputs);
  shared?.keepRequest(request);
  const features: Record<string, Readonly<Record<string, FieldValue>>> = {};
  for (let i = 0; i < view.stored.length; i++) {
    const stored = view.stored[i] as StoredInput;
    const named = shared?.stored(i) ?? storedOf(stored, inputs);
    shared?.keepStored(i, named);
    features[stored.name] = named;
  }
  for (const computed of view.computed) {
    const named: Record<string, FieldValue> = {};
    for (const feature of computed.features)
      named[feature.name] = ownValue(onDemandValue(earlier[computed.view] as OnDemandResult, feature));
    features[computed.name] = named;
  }
  return { request, features };
}

function requestOf({ request }: CompiledOnDemandView, inputs: OnDemandInputs): Record<string, FieldValue> {
  const members: Record<string, FieldValue> = {};
  for (const { name, place } of request) members[name] = ownValue(inputs.requestField(place));
  return members;
}

function storedOf({ view, features }: StoredInput, inputs: OnDemandInputs): Record<string, FieldValue> {
  const members: Record<string, FieldValue> = {};
  for (const { name, place, defaultValue } of features)
    members[name] = inputs.storedFeature(view, place) ?? ownValue(defaultValue);
  return members;
}

function failed(message: string, cause?: unknown): LarderError {
  return new LarderError('ON_DEMAND_FAILED', message, { cause });
}
