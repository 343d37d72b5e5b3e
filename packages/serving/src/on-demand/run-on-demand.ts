/*
 * Budget: what the project's own functions cost, plus about 0.5 µs per function for the two objects it is handed.
 */
import { LarderError } from '@larder/core';
import { valueProblem, type FieldValue } from '@larder/features';
import type { OnDemandInput, OnDemandStep, OutputField, PlanView } from '../plan/compiled-plan.ts';
import { usableRow, type Batch } from '../readings/read-views.ts';

/** What an on-demand function gave for a row: checked, features by name. */
export type StepResult = Readonly<Record<string, FieldValue>>;

export interface StepRunner {
  /** Runs every on-demand function for one row; why one failed, or null. The results are in `results`. */
  run(row: number): LarderError | null;
  /** False when the row that ran last has the results of the row before it. */
  changed(): boolean;
  /** Of the row that ran last, by step. */
  readonly results: readonly StepResult[];
}

export function createStepRunner(batch: Batch): StepRunner {
  const { steps } = batch.plan;
  const results: StepResult[] = [];
  let lastRequest: readonly FieldValue[] | null = null;
  let changed = false;
  return {
    results,
    changed: () => changed,
    run(row) {
      const request = batch.inputs.requests[row] as readonly FieldValue[];
      changed = false;
      for (let s = 0; s < steps.length; s++) {
        const step = steps[s] as OnDemandStep;
        // the functions are pure: rows that share their request share what depends on nothing else
        if (step.requestOnly && request === lastRequest) continue;
        const outcome = runStep(step, stepInput(step, { batch, row, results }));
        if (outcome instanceof LarderError) {
          lastRequest = null;
          return outcome;
        }
        results[s] = outcome;
        changed = true;
      }
      lastRequest = request;
      return null;
    },
  };
}

/** The value that stands for a feature after its default. */
export function valueOf(result: StepResult, output: OutputField): FieldValue {
  return result[output.name] ?? output.defaultValue;
}

interface StepContext {
  readonly batch: Batch;
  readonly row: number;
  readonly results: readonly StepResult[];
}

function stepInput(step: OnDemandStep, context: StepContext): OnDemandInput {
  const { batch, row, results } = context;
  const values = batch.inputs.requests[row] as readonly FieldValue[];
  const request: Record<string, FieldValue> = {};
  for (const { name, field } of step.request) request[name] = values[field] as FieldValue;
  const features: Record<string, Record<string, FieldValue>> = {};
  for (const input of step.views) {
    const read = input.reader.read(usableRow(batch, row, batch.plan.views[input.view] as PlanView));
    const named: Record<string, FieldValue> = {};
    for (let i = 0; i < read.length; i++)
      named[input.reader.features[i] as string] = read[i] ?? (input.defaults[i] as FieldValue);
    features[input.name] = named;
  }
  for (const input of step.steps) {
    const named: Record<string, FieldValue> = {};
    for (const output of input.features)
      named[output.name] = valueOf(results[input.step] as StepResult, output);
    features[input.name] = named;
  }
  return { request, features };
}

function runStep(step: OnDemandStep, input: OnDemandInput): StepResult | LarderError {
  let result: unknown;
  try {
    result = step.compute(input);
  } catch (cause) {
    return failed(`The on-demand feature view ${step.name} threw; the log has the cause.`, cause);
  }
  if (typeof result !== 'object' || result === null)
    return failed(`The on-demand feature view ${step.name} gave no object of features.`);
  const features = result as StepResult;
  for (let i = 0; i < step.outputs.length; i++) {
    const { name, field } = step.outputs[i] as OutputField;
    const value = features[name];
    if (value === null) continue;
    const problem = valueProblem(field, value);
    if (problem !== null)
      return failed(`The on-demand feature ${step.name}:${name} ${problem}; null stands for no value.`);
  }
  return features;
}

function failed(message: string, cause?: unknown): LarderError {
  return new LarderError('ON_DEMAND_FAILED', message, { cause });
}
