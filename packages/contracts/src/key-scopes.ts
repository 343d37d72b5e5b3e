/** What an API key may do. Every operation names the one it takes; docs/concepts/api-key.md explains each. */
export const KEY_SCOPES = [
  'predict',
  'features:read',
  'push',
  'labels:write',
  'registry:read',
  'registry:apply',
  'models:promote',
  'inspect',
  'predictions:read',
  'runs:read',
  'runs:write',
  'training:read',
  'training:write',
  'forget',
  'audit:read',
  'metrics:read',
  'docs:read',
  'keys:admin',
] as const;

export type KeyScope = (typeof KEY_SCOPES)[number];

const CALLER = ['predict', 'features:read', 'push', 'labels:write'] as const satisfies readonly KeyScope[];

const ENGINEER = [
  ...CALLER,
  'registry:read',
  'runs:read',
  'runs:write',
  'inspect',
  'predictions:read',
  'training:read',
  'training:write',
  'docs:read',
] as const satisfies readonly KeyScope[];

const OPERATOR = [
  ...ENGINEER,
  'models:promote',
  'registry:apply',
  'forget',
  'metrics:read',
  'audit:read',
] as const satisfies readonly KeyScope[];

/** Named bundles of scopes. */
export const KEY_ROLES = {
  caller: CALLER,
  engineer: ENGINEER,
  operator: OPERATOR,
  admin: KEY_SCOPES,
  scraper: ['metrics:read'],
} as const satisfies Readonly<Record<string, readonly KeyScope[]>>;

export type KeyRole = keyof typeof KEY_ROLES;
