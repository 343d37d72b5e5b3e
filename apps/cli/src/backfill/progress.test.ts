import { PassThrough } from 'node:stream';
import type { Run } from '@larder/contracts';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createOutput } from '../output/output.ts';
import { createProgress } from './progress.ts';

test('the time left does not rise while no row was counted; without progress there is no second line', () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  onTestFinished(() => void vi.useRealTimers());
  let text = '';
  const stream = () => new PassThrough().on('data', (chunk: Buffer) => (text += chunk.toString()));
  const out = createOutput({ json: false, colours: false, columns: 80, stdout: stream(), stderr: stream() });
  const progress = createProgress(out);
  const left = (done: number, etaSeconds: number, failed = 0) => {
    text = '';
    const rows = { total: 100, done, failed, skipped_unchanged: 0 };
    progress.update({ status: 'running', rows, rows_per_second: 1, eta_seconds: etaSeconds } as Run);
    vi.advanceTimersByTime(4_000);
    return / {2}(\S+) left/.exec(text)?.[1];
  };
  expect(left(10, 20)).toBe('20s');
  expect(left(9, 30, 1)).toBe('16s');
  expect(left(9, 30, 1)).toBeUndefined();
  expect(text).toBe('');
  expect(left(50, 10)).toBe('10s');
  expect(left(90, 0.4)).toBeUndefined();
  expect(text).toContain('90/100');
});
