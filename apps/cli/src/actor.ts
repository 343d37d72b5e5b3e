import { hostname, userInfo } from 'node:os';

/** Who runs this command, for the record: `ada@laptop`. */
export function actor(): string {
  return `${userInfo().username}@${hostname()}`;
}
