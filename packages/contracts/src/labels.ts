import { jsonPointer, type ErrorDetail } from '@larder/core';
import { z } from 'zod';
import { errorDetailSchema } from './problem.ts';
import { countSchema, idSchema, instantSchema, isStorable, nameSchema } from './scalars.ts';

export const MAX_LABELS = 1_000;
const MAX_TEXT = 200;

const textSchema = z
  .string('must be a string')
  .min(1, 'must not be empty')
  .max(MAX_TEXT, `must have at most ${MAX_TEXT} characters`)
  .refine(isStorable, 'must not contain U+0000 or half of a surrogate pair');

const targetMembers = {
  prediction_id: idSchema.optional().meta({ description: 'The prediction; or entity and key.' }),
  entity: nameSchema.optional(),
  key: z.string().optional().meta({ description: 'Join keys as in `GET /v1/entities/{entity}/{key}`.' }),
};

export const labelSchema = z
  .strictObject({
    name: nameSchema.meta({ description: 'Of the outcome.', example: 'clicked' }),
    event_id: textSchema.meta({
      description: 'Id of the event at its source: a label is stored once per id.',
    }),
    source: textSchema.optional().meta({ description: 'Who reports the event; default `default`.' }),
    ...targetMembers,
    event_timestamp: instantSchema.meta({ description: 'When the outcome was true.' }),
    value: z
      .union(
        [z.boolean(), z.number(), z.string().max(MAX_TEXT).refine(isStorable), z.null()],
        `must be true, false, a number, a string of at most ${MAX_TEXT} characters, or null`,
      )
      .meta({ description: 'Null takes back the event of `corrects`, or every earlier value.' }),
    corrects: textSchema.optional().meta({ description: 'Id of the event of this source that it replaces.' }),
    weight: z.number().positive().max(1e9).optional().meta({ description: 'Default 1.' }),
  })
  .meta({ id: 'Label' });

export type LabelBody = z.infer<typeof labelSchema>;

export const labelsRequestSchema = z
  .strictObject({ labels: z.array(labelSchema).min(1).max(MAX_LABELS) })
  .meta({
    id: 'LabelsRequest',
    example: {
      labels: [
        {
          name: 'clicked',
          event_id: 'click-7',
          prediction_id: '01934567-89ab-7cde-8f01-23456789abcd',
          event_timestamp: '2026-11-20T09:31:00Z',
          value: true,
        },
      ],
    },
  });

/** `labelsRequestSchema` before its labels are read: each is accepted or refused for itself. */
export const labelsEnvelopeSchema = z.strictObject({ labels: z.array(z.unknown()).min(1).max(MAX_LABELS) });

export const labelsAnswerSchema = z
  .strictObject({
    stored: countSchema,
    known: countSchema.meta({ description: 'On record already, with the same content.' }),
    refused: z.array(
      z.strictObject({
        index: countSchema,
        code: z.string().meta({ example: 'LABEL_CONFLICT' }),
        errors: z.array(errorDetailSchema),
      }),
    ),
  })
  .meta({ id: 'LabelsAnswer' });

export type LabelsAnswer = z.infer<typeof labelsAnswerSchema>;

export const labelsQuerySchema = z.strictObject({
  ...targetMembers,
  name: nameSchema.optional(),
  as_of: instantSchema.optional().meta({ description: 'What was known then: labels received before it.' }),
});

export const storedLabelSchema = z
  .strictObject({
    name: z.string(),
    source: z.string(),
    event_id: z.string(),
    prediction_id: z.string().nullable(),
    entity: z.string().nullable(),
    key: z.string().nullable(),
    event_timestamp: instantSchema,
    value: z.union([z.boolean(), z.number(), z.string(), z.null()]),
    corrects: z.string().nullable(),
    weight: z.number(),
    received_at: instantSchema,
    current: z.boolean().meta({
      description:
        'States the outcome: nothing corrects it, and of one prediction and name it is the newest.',
    }),
  })
  .meta({ id: 'StoredLabel' });

export const storedLabelsSchema = z
  .strictObject({ labels: z.array(storedLabelSchema) })
  .meta({ id: 'StoredLabels' });

export type StoredLabels = z.infer<typeof storedLabelsSchema>;

/** Reads one label. @returns problems, with pointers below `pointer`, when it does not fit `labelSchema` */
export function readLabel(value: unknown, pointer: string): LabelBody | { readonly errors: ErrorDetail[] } {
  const parsed = labelSchema.safeParse(value);
  const errors = parsed.success
    ? targetProblems(parsed.data)
    : parsed.error.issues.flatMap(({ path, message, ...issue }) =>
        issue.code === 'unrecognized_keys'
          ? issue.keys.map((key) => ({ pointer: jsonPointer([key]), detail: 'is unknown' }))
          : [{ pointer: jsonPointer(path), detail: message }],
      );
  if (parsed.success && errors.length === 0) return parsed.data;
  return { errors: errors.map((error) => ({ pointer: pointer + error.pointer, detail: error.detail })) };
}

function targetProblems({
  prediction_id: id,
  entity,
  key,
  event_id: eventId,
  corrects,
}: LabelBody): ErrorDetail[] {
  const problems: ErrorDetail[] = [];
  if (id !== undefined && (entity !== undefined || key !== undefined))
    problems.push({ pointer: '/prediction_id', detail: 'and an entity: a label is about one of them' });
  if (id === undefined && (entity === undefined || key === undefined))
    problems.push({ pointer: '/prediction_id', detail: 'is missing: give it, or entity and key' });
  if (corrects === eventId) problems.push({ pointer: '/corrects', detail: 'must be another event' });
  return problems;
}
