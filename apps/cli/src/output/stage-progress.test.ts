import { PassThrough } from 'node:stream';
import { afterEach, expect, test, vi } from 'vitest';
import { createOutput } from './output.ts';
import { stageProgress } from './stage-progress.ts';

afterEach(() => void vi.useRealTimers());

test('a stage that was shown is shown once more at its end', () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const stderr = new PassThrough();
  const out = createOutput({ json: false, colours: false, columns: 100, stdout: new PassThrough(), stderr });
  const { update } = stageProgress(out, { spine: 'reading the rows', join: 'joining', write: 'writing' });
  update({ stage: 'spine', done: 0, total: null });
  vi.advanceTimersByTime(3_000);
  for (const done of [6_018, 9_000, 12_036]) update({ stage: 'join', done, total: 12_036 });
  update({ stage: 'write', done: 0, total: 6_018 });
  update({ stage: 'write', done: 6_018, total: 6_018 });
  expect(String(stderr.read())).toBe('joining  6,018/12,036\njoining  12,036/12,036\n');
});
