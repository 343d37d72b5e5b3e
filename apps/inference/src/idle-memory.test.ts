import { expect, onTestFinished, test, vi } from 'vitest';
import { startIdleMemory } from './idle-memory.ts';

const MIB = 2 ** 20;
const heapMib = () => process.memoryUsage().heapTotal / MIB;

/** Fills old space with strings that are garbage when this returns. */
function makeGarbage(): number {
  const garbage: string[] = [];
  const startMib = heapMib();
  while (heapMib() < startMib + 150) garbage.push(`${Math.random()}`.repeat(40).split('').join('-'));
  return garbage.length;
}

test('memory of a burst is released once the process is idle', async () => {
  const startMib = heapMib();
  const memory = startIdleMemory({ intervalMs: 100 });
  onTestFinished(() => memory.close());
  expect(makeGarbage()).toBeGreaterThan(0);
  expect(heapMib()).toBeGreaterThan(startMib + 100);
  await vi.waitFor(() => expect(heapMib()).toBeLessThan(startMib + 60), { timeout: 60_000, interval: 500 });
});
