/*
 * Runs before every route where keys are asked for, predictions included. Budget: 5 µs for a key that the process knows.
 * Nothing may wait, log or read the body here.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createAddressLimit, keyInHeaders, type Keyring, type KnownKey } from '@larder/access';
import type { OperationAccess } from '@larder/contracts';
import { LarderError, toLarderError } from '@larder/core';
import type { PublicRoute } from '@larder/core/config';
import { setCallerKey } from './caller.ts';
import { createRouteTable, type FoundRoute, type RouteAccess } from './route-table.ts';

export interface GuardDeps {
  readonly keyring: Pick<Keyring, 'find' | 'changes'>;
  readonly operations: readonly OperationAccess[];
  readonly publicRoutes: readonly PublicRoute[];
  /** Called for each refused request, before its answer. */
  onRefused(refusal: Refusal): void;
}

export interface Refusal {
  readonly request: IncomingMessage;
  readonly error: LarderError;
  readonly method: string;
  /** As in the OpenAPI document; `none`: there is no such route. */
  readonly path: string;
  /** Undefined: there was no key in force. */
  readonly key: KnownKey | undefined;
}

/** Undefined: the request may go on; a promise where the key has to be looked for. */
export type Admission = LarderError | undefined | Promise<LarderError | undefined>;

export interface Guard {
  admit(request: IncomingMessage, response: ServerResponse): Admission;
}

const PUBLIC: Readonly<Record<PublicRoute, readonly string[]>> = {
  metrics: ['/metrics'],
  docs: ['/docs', '/openapi.json'],
};
/** Requests of one address that may fail to authenticate. Those with a key in force are never counted or refused by it. */
const FAILURES = { requests: 120, windowSeconds: 60 };

/** Lets only operations of the document through, each with a key that has its scope. */
export function createGuard({ keyring, operations, publicRoutes, onRefused }: GuardDeps): Guard {
  const routes = createRouteTable(operations);
  const open = new Set(publicRoutes.flatMap((route) => PUBLIC[route]));
  const failures = createAddressLimit(FAILURES);

  function admit(request: IncomingMessage, response: ServerResponse): Admission {
    const method = request.method ?? '';
    const found = routes.find(method, request.url ?? '');
    const route = found === undefined || !('route' in found) ? undefined : found.route;
    if (route !== undefined && (route.scope === 'none' || open.has(route.path))) return undefined;
    const refuse = (error: LarderError, key?: KnownKey): LarderError => {
      if (error.code === 'KEY_REQUIRED') response.setHeader('www-authenticate', 'Bearer realm="larder"');
      onRefused({ request, error, method, path: route?.path ?? 'none', key });
      return error;
    };
    const check = (key: KnownKey | null): LarderError | undefined => {
      if (key === null) return refuse(failed(request));
      if (route === undefined) return refuse(notAnOperation(found as Unrouted, method, response), key);
      const { name, boundScope } = found as FoundRoute;
      if (!key.granted.has(route.scope) && !(boundScope !== undefined && key.granted.has(boundScope)))
        return refuse(scopeMissing(route, name), key);
      const nowMs = performance.now();
      if (key.limit !== null && !key.limit.take(nowMs))
        return refuse(rateLimited(key.limit.waitMs(nowMs)), key);
      if (route.rare)
        for (const { changes } of [key, keyring])
          if (!changes.take(nowMs)) return refuse(rateLimited(changes.waitMs(nowMs)), key);
      key.usedAtMs = Date.now();
      setCallerKey(request, key);
      if (route.streams) endWithKey(key, response);
      return undefined;
    };
    const text = keyInHeaders(request.headers);
    if (text === undefined) return refuse(failed(request));
    try {
      const key = keyring.find(text);
      if (!(key instanceof Promise)) return check(key);
      return key.then(check, (error: unknown) => refuse(toLarderError(error)));
    } catch (error) {
      return refuse(toLarderError(error));
    }
  }

  /** Requests beyond the limit of their address get another answer, at no more cost. */
  function failed({ socket }: IncomingMessage): LarderError {
    const waitMs = failures.take(socket.remoteAddress ?? '', performance.now());
    return waitMs === 0 ? keyRequired() : rateLimited(waitMs);
  }

  return { admit };
}

/** What `find` gives when there is no route: nothing, or the methods that the path has. */
type Unrouted = readonly string[] | undefined;

/** A stream that is open when its key ends, ends too. */
function endWithKey(key: KnownKey, response: ServerResponse): void {
  key.streams.add(response);
  response.once('close', () => key.streams.delete(response));
}

function keyRequired(): LarderError {
  return new LarderError(
    'KEY_REQUIRED',
    'Send an API key that is in force, as Authorization: Bearer lrd_… or X-API-Key: lrd_…',
  );
}

function scopeMissing({ scope, nameAt }: RouteAccess, name: string | undefined): LarderError {
  const bound = nameAt >= 0 && name !== undefined && NAME.test(name) ? ` or ${scope}:${name}` : '';
  return new LarderError('SCOPE_MISSING', `This takes the scope ${scope}${bound}, which the key lacks.`);
}

const NAME = /^[a-z][a-z0-9_]{0,39}$/;

function rateLimited(waitMs: number): LarderError {
  return new LarderError('RATE_LIMITED', 'Too many requests; wait before the next one.', {
    retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1_000)),
  });
}

/** Refused here and not by Express: what is not in the document is never reached with just any key. */
function notAnOperation(methods: Unrouted, method: string, response: ServerResponse): LarderError {
  if (methods === undefined)
    return new LarderError('ROUTE_NOT_FOUND', 'This route does not exist; /docs lists all routes.');
  const list = methods.includes('GET') ? [...methods, 'HEAD'] : methods;
  response.setHeader('allow', list.join(', '));
  return new LarderError('METHOD_NOT_ALLOWED', `${method} is not allowed here; use ${methods.join(' or ')}.`);
}
