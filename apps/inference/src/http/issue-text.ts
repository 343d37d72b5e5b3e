import type { z } from 'zod';

const NOUNS: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'an array',
  object: 'an object',
  record: 'an object',
};

const UNITS: Readonly<Record<string, string>> = { string: 'character', array: 'item', record: 'member' };

/** Describes what one member must be; a schema's own message takes precedence. Undefined: zod's message is used. */
export function issueText(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? 'is missing' : `must be ${NOUNS[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return issue.input === undefined ? 'is missing' : `must be ${choices(issue.values)}`;
    case 'too_small':
      return bound('least', issue.minimum, issue);
    case 'too_big':
      return bound('most', issue.maximum, issue);
    case 'invalid_format':
      return format(issue.format, issue.pattern);
    case 'invalid_key':
      return 'is not a name: use at most 40 lower-case letters, digits and _, starting with a letter';
    case 'custom':
    case 'invalid_element':
    case 'invalid_union':
    case 'not_multiple_of':
    case 'unrecognized_keys':
      return undefined;
  }
}

interface Bounded {
  readonly origin: string;
  readonly inclusive?: boolean | undefined;
}

function bound(side: 'least' | 'most', limit: number | bigint, { origin, inclusive }: Bounded): string {
  if (inclusive === false) return `must be ${side === 'least' ? 'more' : 'less'} than ${limit}`;
  const unit = UNITS[origin];
  if (unit === undefined) return `must be at ${side} ${limit}`;
  return `must have at ${side} ${limit} ${unit}${Number(limit) === 1 ? '' : 's'}`;
}

function format(name: string, pattern: string | undefined): string {
  if (name === 'datetime') return 'must be ISO 8601 with an offset, such as 2026-11-20T09:30:00Z';
  if (name === 'uuid') return 'must be a UUIDv7';
  return pattern === undefined ? `must be a ${name}` : `must match ${pattern}`;
}

function choices(values: readonly unknown[]): string {
  const texts = values.map((value) => JSON.stringify(value));
  return texts.length === 1 ? String(texts[0]) : `one of ${texts.join(', ')}`;
}
