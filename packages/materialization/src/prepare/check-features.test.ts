import type { FeatureViewManifest } from '@larder/features';
import { expect, test } from 'vitest';
import { checkOutcome } from './check-features.ts';
import type { PreparedRow } from './prepare-rows.ts';

const row: PreparedRow = {
  source: {},
  keys: { ad_id: 'ad-1' },
  keyTexts: ['ad-1'],
  entityKey: 'ad-1',
  eventTimestampMs: 0,
  createdTimestampMs: 0,
  inputHash: 0n,
};

function view(codeSha256: string | null): FeatureViewManifest {
  return {
    name: 'ad_image',
    version: 1,
    entity: 'ad',
    ttl_ms: 'forever',
    schedule: null,
    available_after_ms: 0,
    chunk_rows: 100,
    source: {
      kind: 'sql',
      connection: 'ads',
      query: 'select 1',
      event_timestamp_column: 'event_timestamp',
      created_timestamp_column: null,
    },
    schema: [{ name: 'brightness', type: 'float32' }],
    compute: { kind: 'any', options: {}, artifacts: {}, code_sha256: codeSha256 },
    owner: null,
    tags: {},
    fingerprint: 'f',
    schema_fingerprint: 1,
  };
}

const outcome = { values: { brightness: 0.5, colourfulness: 20 } };

test('a view takes what it declares of a ready-made computation', () => {
  expect(checkOutcome(view(null), row, outcome)).toEqual({ ok: true, values: { brightness: 0.5 } });
});

test('an undeclared feature of own code is reported', () => {
  expect(checkOutcome(view('code'), row, outcome)).toMatchObject({
    ok: false,
    failure: {
      code: 'FEATURE_VALUE_INVALID',
      reason: expect.stringContaining(
        'colourfulness is not declared in the schema of ad_image@1; declare it',
      ),
    },
  });
});
