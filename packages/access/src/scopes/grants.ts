import { KEY_ROLES, KEY_SCOPES, type KeyRole, type KeyScope } from '@larder/contracts';

/** Scopes that may be bound to one model, view or event source: `predict:ad_ctr`. */
const BINDABLE: ReadonlySet<string> = new Set<KeyScope>(['predict', 'push']);
const SCOPES: ReadonlySet<string> = new Set(KEY_SCOPES);
const NAME = /^[a-z][a-z0-9_]{0,39}$/;

/** Why this is not a scope; null: it is one. */
export function scopeProblem(scope: string): string | null {
  if (SCOPES.has(scope)) return null;
  const at = scope.indexOf(':');
  const [base, name] = [scope.slice(0, at), scope.slice(at + 1)];
  if (at > 0 && BINDABLE.has(base))
    return NAME.test(name) ? null : `'${name}' is not the name of a model, view or source`;
  return `'${scope}' is not a scope; scopes are ${KEY_SCOPES.join(', ')}, and predict:MODEL and push:NAME`;
}

export function isKeyRole(role: string): role is KeyRole {
  return Object.hasOwn(KEY_ROLES, role);
}

/** Everything that a role and further scopes grant. A role that this release does not know grants nothing. */
export function grantedScopes(role: string | null, scopes: readonly string[]): ReadonlySet<string> {
  return new Set([...(role !== null && isKeyRole(role) ? KEY_ROLES[role] : []), ...scopes]);
}

/** Whether `granted` has the scope, for everything or for this name. */
export function holds(granted: ReadonlySet<string>, scope: string, name?: string): boolean {
  return granted.has(scope) || (name !== undefined && granted.has(`${scope}:${name}`));
}

/** The scopes that somebody with `granted` may not hand on; a bound scope is covered by the whole one. */
export function beyond(granted: ReadonlySet<string>, wanted: Iterable<string>): string[] {
  return [...wanted].filter((scope) => {
    const [base = '', name] = SCOPES.has(scope) ? [scope] : scope.split(':');
    return !holds(granted, base, name);
  });
}
