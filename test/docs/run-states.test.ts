import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { COMMAND, PAGE, withPictures } from './run-states.ts';

test('the pictures of runs and chunks are those of the table of transitions', () => {
  const page = readFileSync(PAGE, 'utf8');
  expect(page, `The picture is stale; draw it anew: ${COMMAND}`).toBe(withPictures(page));
});

test('every state of a run and of a chunk is in its picture', () => {
  const page = readFileSync(PAGE, 'utf8');
  const states = new Set([...page.matchAll(/--> (\w+):/g)].map(([, state]) => state));
  for (const state of ['queued', 'running', 'paused', 'succeeded', 'partial', 'failed', 'cancelled'])
    expect(states).toContain(state);
  for (const state of ['pending', 'dispatched', 'landed_history', 'done']) expect(states).toContain(state);
});
