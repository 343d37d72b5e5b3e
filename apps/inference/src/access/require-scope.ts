import type { IncomingMessage } from 'node:http';
import { holds } from '@larder/access';
import type { KeyScope } from '@larder/contracts';
import { LarderError } from '@larder/core';
import { callerKey } from './caller.ts';

/**
 * For what a request asks for beside the scope of its route, where nobody needs a key: nothing.
 * @param what the member that asks for it @throws SCOPE_MISSING
 */
export function requireScope(request: IncomingMessage, scope: KeyScope, what: string): void {
  const key = callerKey(request);
  if (key !== undefined && !holds(key.granted, scope))
    throw new LarderError('SCOPE_MISSING', `${what} takes the scope ${scope}, which the key lacks.`);
}
