import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Writable } from 'node:stream';
import { statusAnswerSchema } from '@larder/contracts';
import { expect, test } from 'vitest';
import { createOutput } from '../output/output.ts';
import { printStatus } from './print-status.ts';

const guide = readFileSync(resolve(import.meta.dirname, '../../../../docs/guides/who-is-on-call.md'), 'utf8');
const [, screen = ''] = /^```text\n([^]*?)^```$/m.exec(guide) ?? [];

test('the screen of the guide is what a status prints', () => {
  const status = statusAnswerSchema.parse({
    project: 'ads',
    at: '2026-11-20T03:04:05.000Z',
    attention: true,
    problems: [
      {
        kind: 'run_late',
        severity: 'act',
        subject: 'ad_image@1',
        since: '2026-11-20T02:00:05.000Z',
        detail: 'the run due at 2026-11-20T00:00:00.000Z should have ended 1h 4m ago',
        next: 'larder runs 019ab3c4-5d6e-7f80-9a1b-2c3d4e5f6071',
      },
      {
        kind: 'view_stale',
        severity: 'act',
        subject: 'ad_stats@1',
        since: '2026-11-20T02:52:05.000Z',
        detail: 'the newest that is known is 1h 12m old; its objective is 1h',
        next: 'larder runs --view ad_stats@1',
      },
    ],
    stores: { database: { state: 'ok', answered_in_ms: 2 }, redis: { state: 'ok', answered_in_ms: 1 } },
    processes: { workers: 2, slots: 8, inference: 1 },
    views: { applied: 12, filled: 12, with_objective: 3, stale: ['ad_stats@1'] },
    runs: { open: 1, waiting: 0, held: 0, next_due: { view: 'ad_text@1', at: '2026-11-20T04:00:00.000Z' } },
    queue: { work_seconds: 84.2, rows: 1_684, oldest_age_seconds: 41.5 },
    backup: { archiving: true, archived_at: '2026-11-20T03:03:58.000Z' },
  });
  let written = '';
  const stream = () =>
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        written += chunk.toString();
        done();
      },
    });
  const out = createOutput({ json: false, colours: false, columns: 80, stdout: stream(), stderr: stream() });
  printStatus(status, out);
  expect(written).toBe(screen);
});
