/** Approximate length of a JSON value as text, without rendering it. No recursion: untrusted input can be nested to any depth. */
export function jsonBytes(value: unknown): number {
  if (typeof value !== 'object' || value === null) return scalarBytes(value);
  const open: object[] = [value];
  let bytes = 0;
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    bytes += 2;
    if (Array.isArray(next)) for (let i = 0; i < next.length; i++) bytes += sizeOrOpen(next[i], open);
    else
      for (const name in next)
        bytes += name.length + 3 + sizeOrOpen((next as Readonly<Record<string, unknown>>)[name], open);
  }
  return bytes;
}

function sizeOrOpen(value: unknown, open: object[]): number {
  if (typeof value !== 'object' || value === null) return scalarBytes(value);
  open.push(value);
  return 1;
}

function scalarBytes(value: unknown): number {
  return typeof value === 'string' ? value.length + 3 : 8;
}
