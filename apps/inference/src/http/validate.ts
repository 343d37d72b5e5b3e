import { jsonPointer, requestInvalid, type ErrorDetail } from '@larder/core';
import type { z } from 'zod';
import { issueText } from './issue-text.ts';

/** Parses a body or a query with a schema. @throws REQUEST_INVALID with a JSON pointer per problem */
export function validate<S extends z.ZodType>(schema: S, value: unknown): z.infer<S> {
  const parsed = parse(schema, value);
  if (parsed.success) return parsed.data;
  throw requestInvalid(parsed.error.issues.flatMap((issue) => detailsOf(issue, '')));
}

/** zod passes issues as arguments of a call: hundreds of thousands of them overflow the stack. */
function parse<S extends z.ZodType>(schema: S, value: unknown): z.ZodSafeParseResult<z.infer<S>> {
  try {
    return schema.safeParse(value, { error: issueText });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw requestInvalid([{ pointer: '', detail: 'has too many problems to list' }]);
  }
}

function detailsOf(issue: z.core.$ZodIssue, prefix: string): ErrorDetail[] {
  const pointer = prefix + jsonPointer(issue.path);
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ pointer: pointer + jsonPointer([key]), detail: 'is unknown' }));
  if (issue.code === 'invalid_union') {
    const meant = meantOption(issue.errors);
    if (meant !== undefined) return meant.flatMap((inner) => detailsOf(inner, pointer));
  }
  return [{ pointer, detail: issue.message }];
}

/** The only option that has all members that were sent, if there is one: the problem is inside of them. */
function meantOption(options: readonly z.core.$ZodIssue[][]): z.core.$ZodIssue[] | undefined {
  const fitting = options.filter((issues) => issues.every(({ path }) => path.length > 0));
  return fitting.length === 1 ? fitting[0] : undefined;
}
