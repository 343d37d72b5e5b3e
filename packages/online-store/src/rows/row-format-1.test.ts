import { readFileSync } from 'node:fs';
import type { FieldManifest } from '@larder/features';
import { expect, test } from 'vitest';
import { compileRowCodec } from './row-codec.ts';

interface StoredRow {
  readonly schema: FieldManifest[];
  readonly schema_fingerprint: number;
  readonly row_hex: string;
}

// Written by the first release: never change this file. A new format gets its own fixture beside it.
const stored = JSON.parse(
  readFileSync(new URL('fixtures/row-format-1.json', import.meta.url), 'utf8'),
) as StoredRow;

const ORDER = { eventTimestampMs: 1_795_200_000_123, createdTimestampMs: 1_795_200_004_567, revision: 42 };
const VALUES = {
  brightness: 0.5,
  clicks: 48_211n,
  active: true,
  campaign: 'Sömmer 🏖',
  ctr: Math.PI,
  embedding: Float32Array.of(1, -2.25, Number.NaN),
  last_seen: new Date('2026-11-20T09:30:00.250Z'),
  tags: { colours: ['red', null], n: 1 },
  nothing: null,
  impressions: 9_007_199_254_740_991,
  paused: false,
};

test('rows of format 1 stay readable', () => {
  const decoded = compileRowCodec(stored).decode(Buffer.from(stored.row_hex, 'hex'));
  expect(decoded).toEqual({
    header: { ...ORDER, format: 1, schemaFingerprint: stored.schema_fingerprint },
    values: VALUES,
  });
});

test('format 1 is still written the same way', () => {
  expect(compileRowCodec(stored).encode(ORDER, VALUES).toString('hex')).toBe(stored.row_hex);
});
