import { hostname, userInfo } from 'node:os';

/** Who runs this command, for the record: `ada@laptop`. */
export function actor(): string {
  return `${userName()}@${hostname()}`;
}

/** A user id without a name, as in containers, is its number. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'unknown');
  }
}
