import { expect, onTestFinished, test } from 'vitest';
import { warnUnreadable } from './warn-unreadable.ts';

test('logs each growing count once, by view', async () => {
  const counts = { 'ad_image@1': 0, 'ad_stats@1': 0 };
  let looks = 0;
  const lines: unknown[] = [];
  const watch = warnUnreadable({
    readings: {
      list() {
        looks += 1;
        return Object.entries(counts).flatMap(([view, count]) => [
          { view, status: 'UNREADABLE', count },
          { view, status: 'NOT_FOUND', count: 7 },
        ]);
      },
    },
    logger: { warn: (fields: unknown) => void lines.push(fields) },
    intervalMs: 1,
  });
  onTestFinished(() => watch.close());
  const twoLooks = async () => {
    const from = looks;
    await expect.poll(() => looks).toBeGreaterThan(from + 1);
  };
  await twoLooks();
  expect(lines).toEqual([]);
  counts['ad_image@1'] = 5;
  await twoLooks();
  counts['ad_image@1'] = 6;
  await twoLooks();
  expect(lines).toEqual([
    { view: 'ad_image@1', readings: 5 },
    { view: 'ad_image@1', readings: 1 },
  ]);
});
