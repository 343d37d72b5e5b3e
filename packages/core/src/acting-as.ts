import { AsyncLocalStorage } from 'node:async_hooks';

/** Who causes a change, for the audit. */
export interface Actor {
  /** `ada@laptop`, `worker`, `http from 10.1.2.3`, or the name of an API key. */
  readonly actor: string;
  /** The API key of the request. */
  readonly keyId?: string | null | undefined;
  readonly requestId?: string | null | undefined;
  /** The address that the request came from. */
  readonly address?: string | null | undefined;
}

const acting = new AsyncLocalStorage<Actor>();

/** Does `work`, and everything that it starts, as this actor. */
export function actingAs<T>(actor: Actor, work: () => T): T {
  return acting.run(actor, work);
}

/** `unknown` outside of `actingAs`. */
export function currentActor(): Actor {
  return acting.getStore() ?? { actor: 'unknown' };
}
