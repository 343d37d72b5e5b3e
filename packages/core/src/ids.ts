import { v7 } from 'uuid';

/** A new UUIDv7 (RFC 9562): ordered by time of creation, unique without coordination. */
export function newId(): string {
  return v7();
}
