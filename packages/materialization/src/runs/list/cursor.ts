import { LarderError } from '@larder/core';

/** Where the next page starts: opaque to callers, so that its form may change. */
export function cursorOf(position: number): string {
  return Buffer.from(`p${position}`).toString('base64url');
}

/** @throws REQUEST_INVALID */
export function positionOf(cursor: string): number {
  const match = /^p(\d{1,15})$/.exec(Buffer.from(cursor, 'base64url').toString());
  if (!match) {
    const detail = 'is not a cursor of an earlier answer; omit it to start at the first page';
    throw new LarderError('REQUEST_INVALID', `The cursor ${detail}.`, {
      errors: [{ pointer: '/cursor', detail }],
    });
  }
  return Number(match[1]);
}
