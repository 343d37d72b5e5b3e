import { newId } from '@larder/core';
import type { Label } from '../index.ts';

export function label(changed: Partial<Label> = {}): Label {
  return {
    name: 'clicked',
    source: 'api',
    eventId: newId(),
    target: { predictionId: newId() },
    eventTimestamp: '2026-11-20T09:31:00Z',
    value: true,
    corrects: null,
    weight: 1,
    ...changed,
  };
}
