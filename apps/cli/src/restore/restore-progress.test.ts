import { PassThrough } from 'node:stream';
import type { OfflineStore } from '@larder/offline-store';
import { afterEach, expect, test, vi } from 'vitest';
import { createOutput } from '../output/output.ts';
import { restoreProgress } from './restore-progress.ts';

afterEach(() => void vi.useRealTimers());

test('shows how far it looked through Redis, and nothing from stop until the next update', () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const stderr = new PassThrough();
  const out = createOutput({ json: false, colours: false, columns: 100, stdout: new PassThrough(), stderr });
  const manifest = { project: 'shop', entities: {}, feature_views: {} } as never;
  // No view is counted, so no statement reaches it.
  const progress = restoreProgress(out, { store: {} as OfflineStore, manifest, views: [] });
  expect(stderr.read()).toBe(null);
  progress.looked(500);
  vi.advanceTimersByTime(3_000);
  progress.looked(12_000);
  progress.stop();
  progress.looked(13_000);
  vi.advanceTimersByTime(3_000);
  progress.looked(1_250_000);
  expect(String(stderr.read())).toBe(
    'looking through Redis, entities  12,000\nlooking through Redis, entities  1,250,000\n',
  );
});
