import { ERRORS, type ErrorCode } from '@larder/core';
import type { ZodObject, ZodType } from 'zod';
import type { ZodOpenApiOperationObject, ZodOpenApiResponsesObject } from 'zod-openapi';
import { problemSchema } from './problem.ts';

export interface OperationOptions {
  readonly tag: string;
  readonly summary: string;
  readonly params?: ZodObject;
  readonly query?: ZodObject;
  readonly headers?: ZodObject;
  readonly body?: ZodType;
  readonly answers: Readonly<Record<number, ZodType>>;
  /** Of the answers. @default 'application/json' */
  readonly mediaType?: string;
  /** Beside what any route of this shape may answer. */
  readonly codes?: readonly ErrorCode[];
}

/** One operation of the document, with a problem answer per status its codes have. */
export function operation(options: OperationOptions): ZodOpenApiOperationObject {
  const { params, query, headers, body, mediaType = 'application/json' } = options;
  const responses: Record<string, unknown> = {};
  for (const [status, codes] of problemStatuses(options)) {
    responses[status] = {
      description: codes.map((code) => `\`${code}\``).join(', '),
      content: { 'application/problem+json': { schema: problemSchema } },
    };
  }
  for (const [status, schema] of Object.entries(options.answers)) {
    responses[status] = { description: options.summary, content: { [mediaType]: { schema } } };
  }
  return {
    tags: [options.tag],
    summary: options.summary,
    requestParams: {
      ...(params && { path: params }),
      ...(query && { query }),
      ...(headers && { header: headers }),
    },
    ...(body && { requestBody: { required: true, content: { 'application/json': { schema: body } } } }),
    responses: responses as ZodOpenApiResponsesObject,
  };
}

function problemStatuses(options: OperationOptions): Map<number, ErrorCode[]> {
  const codes = new Set<ErrorCode>(options.codes ?? []);
  if (options.body)
    for (const code of ['REQUEST_MALFORMED', 'REQUEST_TOO_LARGE', 'MEDIA_TYPE_UNSUPPORTED'] as const)
      codes.add(code);
  if (options.body ?? options.params ?? options.query) codes.add('REQUEST_INVALID');
  if (options.tag === 'precompute') codes.add('DATABASE_UNAVAILABLE');
  const statuses = new Map<number, ErrorCode[]>();
  for (const code of codes) {
    const { status } = ERRORS[code];
    statuses.set(status, [...(statuses.get(status) ?? []), code]);
  }
  return statuses;
}
