import { expect, test, vi } from 'vitest';
import { createLogger } from './logger.ts';
import { startLoop } from './loop.ts';

/** What a loop logs whose every other turn fails, until it has failed `times` times and then succeeds. */
async function logged(times: number, calmMs: number): Promise<string[]> {
  const lines: string[] = [];
  const logger = Object.assign(createLogger('test', { level: 'silent' }), {
    warn: (_: unknown, text: string) => void lines.push(text),
    info: (text: string) => void lines.push(text),
  });
  let turns = 0;
  const loop = startLoop({
    name: 'Dispatching',
    intervalMs: 0,
    logger,
    calmMs,
    async turn() {
      turns += 1;
      if (turns % 2 === 1 && turns < times * 2) throw new Error('away');
    },
  });
  await vi.waitFor(() => expect(turns).toBeGreaterThan(times * 2), { timeout: 20_000 });
  await loop.stop();
  return lines;
}

test('a loop that fails at every other turn says so once', async () => {
  expect(await logged(5, 3_600_000)).toEqual(['Dispatching failed; retrying']);
});

test('a loop that works again says so', async () => {
  expect(await logged(1, 0)).toEqual(['Dispatching failed; retrying', 'Dispatching works again']);
});
