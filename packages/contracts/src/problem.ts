import { z } from 'zod';
import { ERRORS, type ErrorCode } from '@larder/core';

const codes = Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]];

export const errorDetailSchema = z.strictObject({
  pointer: z
    .string()
    .meta({ description: 'JSON pointer (RFC 6901) into the request.', example: '/entities/ad_id' }),
  detail: z.string(),
});

/** RFC 9457; every error of every route. */
export const problemSchema = z
  .strictObject({
    type: z.string(),
    title: z.string(),
    status: z.int().min(400).max(599),
    detail: z.string(),
    code: z.enum(codes),
    retryable: z.boolean(),
    request_id: z.string(),
    errors: z.array(errorDetailSchema).optional(),
  })
  .meta({ id: 'Problem' });

export type Problem = z.infer<typeof problemSchema>;
