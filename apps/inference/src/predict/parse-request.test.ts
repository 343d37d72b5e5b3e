import { predictBatchRequestSchema, predictRequestSchema } from '@larder/contracts';
import { isLarderError } from '@larder/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { parsePredict, parsePredictBatch } from './parse-request.ts';

const fields = fc.dictionary(
  fc.constantFrom('ad_id', 'bid', 'placement'),
  fc.oneof(fc.string(), fc.double(), fc.boolean(), fc.constant(null)),
  { noNullPrototype: true },
);
const oddly = <T>(usual: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 6, arbitrary: usual }, { weight: 1, arbitrary: fc.jsonValue() });
const members = (record: Record<string, fc.Arbitrary<unknown>>) =>
  fc
    .record(
      { ...record, surprise: fc.option(fc.constant(1), { nil: undefined, freq: 1 }) },
      { requiredKeys: [] },
    )
    .map((made) => made)
    .map((made) => JSON.parse(JSON.stringify(made)) as unknown);

const options = members({
  version: oddly(fc.integer({ min: -1, max: 3 })),
  deadline_ms: oddly(fc.integer({ min: -1, max: 70_000 })),
  features: oddly(fc.boolean()),
  explain: oddly(fc.constant(false)),
  mode: oddly(fc.constantFrom('live', 'precomputed', 'precomputed_or_live', 'shadow')),
});
const row = members({ entities: fields, request: fields });
const predict = members({ entities: fields, request: fields, options: oddly(options) });
const batch = members({
  rows: oddly(fc.array(oddly(row), { maxLength: 4 })),
  shared: oddly(row),
  options: oddly(options),
});

function accepts(parse: (json: unknown) => unknown, json: unknown): boolean {
  try {
    parse(json);
    return true;
  } catch (error) {
    if (!isLarderError(error)) throw error;
    return false;
  }
}

test('the envelope of predict is refused exactly where the contract refuses it', () => {
  fc.assert(
    fc.property(fc.oneof(predict, fc.jsonValue()), (json) => {
      // The contents of entities and request are checked against the model's own fields later.
      expect(accepts(parsePredict, json)).toBe(predictRequestSchema.safeParse(json).success);
    }),
    { numRuns: 2_000 },
  );
});

/** Rows are validated one by one, so that a bad row does not affect the others. */
const batchEnvelopeSchema = predictBatchRequestSchema.extend({
  rows: z.array(z.unknown()).min(1).max(1_000),
});

test('the envelope of predict-batch is refused exactly where the contract refuses it', () => {
  fc.assert(
    fc.property(fc.oneof(batch, fc.jsonValue()), (json) => {
      expect(accepts(parsePredictBatch, json)).toBe(batchEnvelopeSchema.safeParse(json).success);
    }),
    { numRuns: 2_000 },
  );
});
