import { LarderError } from '@larder/core';

/** Of Redis 7.0 and later, and Valkey; outside of scripts and inside. */
const REFUSED = /^NOPERM\b|\bACL failure in script\b|\bThe user executing the script can't\b/;

/** Says what the user of the connection may not do, and which file has the rule; null: another failure. */
export function refusedCommand(error: Error): LarderError | null {
  if (!REFUSED.test(error.message)) return null;
  return new LarderError(
    'REDIS_COMMAND_REFUSED',
    `The user of this connection to Redis has no right to ${whatOf(error)}. ` +
      'Give it the rule in infra/redis/users.acl, in the aclfile of the server or with ACL SETUSER.',
    // not the error itself: it carries the arguments, and with them keys of entities
    { cause: new Error(error.message) },
  );
}

function whatOf(error: Error & { readonly command?: { readonly name?: unknown } }): string {
  const named = /'([\w|-]+)' command/.exec(error.message)?.[1];
  if (named !== undefined) return `run ${named.replace('|', ' ').toUpperCase()}`;
  const sent = typeof error.command?.name === 'string' ? error.command.name.toUpperCase() : 'a command';
  if (/\bkeys?\b/.test(error.message)) return `use the key that ${sent} names (the rule needs ~larder:*)`;
  return `run a command inside a script (${sent}); ACL LOG of the server names it`;
}
