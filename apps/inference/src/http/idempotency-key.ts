import { idempotencyKeySchema } from '@larder/contracts';
import { LarderError } from '@larder/core';
import type { Request } from 'express';

/** Reads the header that makes a request safe to repeat. @throws REQUEST_INVALID */
export function idempotencyKeyOf(request: Pick<Request, 'get'>): string | undefined {
  const key = request.get('idempotency-key');
  if (key === undefined || idempotencyKeySchema.safeParse(key).success) return key;
  const detail = 'must be 1 to 128 visible ASCII characters';
  throw new LarderError('REQUEST_INVALID', `The header Idempotency-Key ${detail}.`, {
    errors: [{ pointer: '/headers/idempotency-key', detail }],
  });
}
