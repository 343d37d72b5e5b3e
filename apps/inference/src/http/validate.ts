import { LarderError, type ErrorDetail } from '@larder/core';
import type { z } from 'zod';

export interface ValidateOptions {
  /** JSON pointer of what is validated: '' for a body, `/query` for a query. */
  readonly pointer?: string;
}

/** What a schema makes of a part of a request. @throws REQUEST_INVALID with a JSON pointer per problem */
export function validate<S extends z.ZodType>(
  schema: S,
  value: unknown,
  options: ValidateOptions = {},
): z.infer<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.flatMap((issue) => detailsOf(issue, options.pointer ?? '')).slice(0, 20);
  const [first] = errors;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  throw new LarderError('REQUEST_INVALID', `${first?.pointer ?? ''} ${first?.detail ?? 'is wrong'}${more}.`, {
    errors,
  });
}

function detailsOf(issue: z.core.$ZodIssue, prefix: string): ErrorDetail[] {
  const pointer = prefix + issue.path.map((part) => `/${escape(String(part))}`).join('');
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ pointer: `${pointer}/${escape(key)}`, detail: 'is unknown' }));
  }
  return [{ pointer, detail: issue.message }];
}

/** RFC 6901. */
function escape(part: string): string {
  return part.replaceAll('~', '~0').replaceAll('/', '~1');
}
