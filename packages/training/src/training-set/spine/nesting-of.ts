/** How deep lists, maps and structs of a type of DuckDB lie in one another: 3 for `STRUCT(a INTEGER[])[]`. */
export function nestingOf(type: string): number {
  /** Of the types around: the deepest member before this one. */
  const around: number[] = [];
  let depth = 0;
  for (const [token] of type.matchAll(/"(?:[^"]|"")*"|\[|[(),]/g))
    switch (token) {
      case '(':
        around.push(0);
        depth = 0;
        break;
      case ',':
        around.push(Math.max(around.pop() ?? 0, depth));
        depth = 0;
        break;
      case ')':
        depth = Math.max(around.pop() ?? 0, depth) + 1;
        break;
      case '[':
        depth += 1;
        break;
      default: // a quoted name
    }
  return depth;
}
