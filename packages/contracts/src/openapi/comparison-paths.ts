import { z } from 'zod';
import type { ZodOpenApiPathsObject } from 'zod-openapi';
import { compareQuerySchema, parityQuerySchema } from '../comparisons.ts';
import { nameSchema } from '../scalars.ts';
import { operation } from './operation.ts';

const EVENTS = 'Server-sent events: `progress`, then one `end` with the answer, or one `problem`';

/** What was logged against what history says, and one view version against another. */
export function comparisonPaths(): ZodOpenApiPathsObject {
  return {
    '/v1/models/{model}/parity': {
      get: operation({
        scope: 'predictions:read',
        tag: 'training',
        summary: `Features of logged predictions against those that history gives. ${EVENTS}`,
        params: z.strictObject({ model: nameSchema }),
        query: parityQuerySchema,
        answers: { 200: z.string() },
        mediaType: 'text/event-stream',
        codes: ['MODEL_NOT_FOUND', 'MODEL_VERSION_NOT_FOUND', 'HISTORY_MISSING', 'WORK_MEMORY_EXCEEDED'],
      }),
    },
    '/v1/comparison': {
      get: operation({
        scope: 'training:read',
        tag: 'training',
        summary: `Two versions of a view, and what the later one does to predictions. ${EVENTS}`,
        query: compareQuerySchema,
        answers: { 200: z.string() },
        mediaType: 'text/event-stream',
        codes: [
          'VIEW_NOT_FOUND',
          'MODEL_NOT_FOUND',
          'MODEL_VERSION_NOT_FOUND',
          'MODEL_NOT_READY',
          'ARTIFACT_NOT_FOUND',
          'HISTORY_MISSING',
          'DEFINITION_NOT_LOADED',
          'WORK_MEMORY_EXCEEDED',
        ],
      }),
    },
  };
}
