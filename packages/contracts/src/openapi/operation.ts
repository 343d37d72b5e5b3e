import { ERRORS, type ErrorCode } from '@larder/core';
import type { ZodObject, ZodType } from 'zod';
import type { ZodOpenApiOperationObject, ZodOpenApiResponsesObject } from 'zod-openapi';
import type { KeyScope } from '../key-scopes.ts';
import { problemSchema } from '../problem.ts';

export interface OperationOptions {
  /** The scope that a key needs; `none`: the operation needs no key. */
  readonly scope: KeyScope | 'none';
  /** The path parameter whose name a scope may be bound to, as in `predict:ad_ctr`. */
  readonly boundBy?: 'model' | 'view' | 'source';
  readonly tag: string;
  readonly summary: string;
  readonly params?: ZodObject;
  readonly query?: ZodObject;
  readonly headers?: ZodObject;
  readonly body?: ZodType;
  /** Media types of bodies that are files, beside the JSON of `body`. */
  readonly files?: readonly string[];
  /** Every media type of the answers, when there are several. */
  readonly mediaTypes?: readonly string[];
  /** Takes no body, or `{}`. */
  readonly emptyBody?: boolean;
  readonly answers: Readonly<Record<number, ZodType>>;
  /** Media type of the answers. @default 'application/json' */
  readonly mediaType?: string;
  /** Codes beyond those that any route of this shape may answer. */
  readonly codes?: readonly ErrorCode[];
}

/** What the server itself answers, whatever the operation. */
const BEFORE_ANY_ROUTE = [
  'REQUEST_MALFORMED',
  'REQUEST_TIMED_OUT',
  'EXPECTATION_UNSUPPORTED',
  'HEADERS_TOO_LARGE',
  'HOST_NOT_ALLOWED',
  'OVERLOADED',
] as const satisfies readonly ErrorCode[];

/** Codes of every operation that takes a body, even an empty one. */
const WRITING_CODES = [
  'REQUEST_MALFORMED',
  'REQUEST_TOO_LARGE',
  'MEDIA_TYPE_UNSUPPORTED',
  'CROSS_SITE_REFUSED',
] as const satisfies readonly ErrorCode[];

/** Codes of every operation that needs a key. */
const KEY_CODES = [
  'KEY_REQUIRED',
  'SCOPE_MISSING',
  'RATE_LIMITED',
  'DATABASE_UNAVAILABLE',
] as const satisfies readonly ErrorCode[];

/** Ways to send a key, by their names in `components.securitySchemes`. */
export const SECURITY_SCHEMES = {
  bearer: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'lrd_…',
    description:
      'An API key: `Authorization: Bearer lrd_…`. Needed where the service runs with LARDER_AUTH=keys.',
  },
  apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key', description: 'The same key in its own header.' },
} as const;

/** One operation of the document, with a problem answer per status its codes have. */
export function operation(options: OperationOptions): ZodOpenApiOperationObject {
  const { scope, boundBy, params, query, headers, body, mediaType = 'application/json' } = options;
  const responses: Record<string, unknown> = {};
  for (const [status, codes] of problemStatuses(options)) {
    responses[status] = problemAnswer(codes);
  }
  responses['default'] = problemAnswer(BEFORE_ANY_ROUTE);
  for (const [status, schema] of Object.entries(options.answers)) {
    const content = Object.fromEntries((options.mediaTypes ?? [mediaType]).map((type) => [type, { schema }]));
    responses[status] = { description: options.summary, content };
  }
  return {
    tags: [options.tag],
    summary: options.summary,
    requestParams: {
      ...(params && { path: params }),
      ...(query && { query }),
      ...(headers && { header: headers }),
    },
    ...(body && { requestBody: { required: true, content: bodyContent(body, options.files) } }),
    responses: responses as ZodOpenApiResponsesObject,
    security: scope === 'none' ? [] : Object.keys(SECURITY_SCHEMES).map((scheme) => ({ [scheme]: [scope] })),
    'x-larder-scope': scope,
    ...(boundBy && { 'x-larder-bound-by': boundBy }),
  };
}

function bodyContent(body: ZodType, files: readonly string[] = []) {
  const binary = { schema: { type: 'string', format: 'binary' } } as const;
  return {
    'application/json': { schema: body },
    ...Object.fromEntries(files.map((type) => [type, binary])),
  };
}

function problemStatuses(options: OperationOptions): Map<number, ErrorCode[]> {
  const codes = new Set<ErrorCode>(options.codes ?? []);
  codes.add('REQUEST_INVALID').add('INTERNAL');
  if (options.body ?? options.emptyBody) for (const code of WRITING_CODES) codes.add(code);
  if (options.scope !== 'none') for (const code of KEY_CODES) codes.add(code);
  if (options.tag === 'precompute' || options.tag === 'training')
    codes.add('DATABASE_UNAVAILABLE').add('DATABASE_NOT_MIGRATED');
  const statuses = new Map<number, ErrorCode[]>();
  for (const code of codes) {
    const { status } = ERRORS[code];
    statuses.set(status, [...(statuses.get(status) ?? []), code]);
  }
  return statuses;
}

function problemAnswer(codes: readonly ErrorCode[]) {
  return {
    description: codes.map((code) => `\`${code}\``).join(', '),
    content: { 'application/problem+json': { schema: problemSchema } },
  };
}
