import { newId } from '@larder/core';
import type { DroppedChange, ErasedChange, LandedChange } from '../changes/record-change.ts';
import { test as base } from './store.ts';

/** Every test has its own project, whose changes no other test sees. */
export const test = base.extend<{ $test: { project: string } }>({
  // oxlint-disable-next-line no-empty-pattern
  project: async ({}, use) => use(`p${newId()}`),
});

export function landed(chunkId: number, changed: Partial<LandedChange> = {}): LandedChange {
  return {
    kind: 'landed',
    view: 'ad_image',
    version: 1,
    runId: '01980000-0000-7000-8000-000000000000',
    chunkId,
    revision: 7,
    rows: 10,
    firstEventTimestampMs: 1_700_000_000_123,
    lastEventTimestampMs: 1_700_000_060_456,
    ...changed,
  };
}

export const erased: ErasedChange = { kind: 'erased', entity: 'ad', keyHash: '2a'.repeat(32) };
export const dropped: DroppedChange = { kind: 'dropped', view: 'ad_image', version: 1 };
