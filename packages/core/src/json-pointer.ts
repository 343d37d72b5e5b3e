/** RFC 6901: `['rows', 3, 'a/b']` → `/rows/3/a~1b`. */
export function jsonPointer(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
