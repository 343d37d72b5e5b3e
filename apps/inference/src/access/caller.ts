import type { IncomingMessage } from 'node:http';
import type { KnownKey } from '@larder/access';

const KEY = Symbol('key of the caller');
type KnownRequest = IncomingMessage & { [KEY]?: KnownKey };

/** Set by the guard once the request is admitted. */
export function setCallerKey(request: IncomingMessage, key: KnownKey): void {
  (request as KnownRequest)[KEY] = key;
}

/** Undefined where no key was asked for. */
export function callerKey(request: IncomingMessage): KnownKey | undefined {
  return (request as KnownRequest)[KEY];
}

export interface Caller {
  /** For people: `api key shop-backend`, or where the request came from. */
  readonly actor: string;
  readonly keyId: string | null;
  readonly address: string | null;
}

/** Who sends the request, for the record. */
export function callerOf(request: IncomingMessage, key = callerKey(request)): Caller {
  const address = request.socket.remoteAddress ?? null;
  return {
    actor: key === undefined ? `http from ${address ?? 'nowhere'}` : `api key ${key.name}`,
    keyId: key?.keyId ?? null,
    address,
  };
}
