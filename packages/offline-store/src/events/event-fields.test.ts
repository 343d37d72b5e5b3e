import { expect } from 'vitest';
import { applyWindowed, land, sourceOf, windowedProject } from '../testing/windowed.ts';
import { test } from '../testing/store.ts';
import type { ArrivedEvent, EventProject } from './event-table.ts';

test('a redelivered event is a duplicate, whatever its fields are called and whichever type they have', async ({
  store,
}) => {
  const plain = windowedProject('event_fields');
  const source = sourceOf(plain);
  const project: EventProject = {
    ...plain,
    event_sources: {
      ad_events: {
        ...source,
        schema: [
          ...source.schema,
          { name: 'at', type: 'float32' },
          { name: 'created', type: 'timestamp' },
          { name: 'g', type: 'int64' },
        ],
      },
    },
  };
  await applyWindowed(store, project);
  const nowMs = Date.parse('2026-11-20T12:00:00Z');
  const event: ArrivedEvent = {
    eventId: 'e1',
    eventTimestampMs: nowMs,
    createdTimestampMs: nowMs,
    isRetracted: false,
    values: {
      ad_id: 'a',
      at: Math.fround(0.1),
      created: new Date(nowMs + 1),
      g: 2n ** 63n - 1n,
      bid: 0.1,
      clicks: 7,
    },
  };
  const first = await land(store, project, { events: [event], nowMs, revision: 1 });
  expect(first.landed).toHaveLength(1);
  const again = await land(store, project, { events: [event], nowMs, revision: 2 });
  expect(again.landed).toEqual([]);
});
