type Json = Readonly<Record<string, unknown>>;

/**
 * Adds to a package.json what it lacks of the starter's. Its own entries stay, except `type`: Node reads
 * larder.config.ts as an ES module.
 */
export function mergePackage(present: Json, starter: Json): Json {
  const merged: Record<string, unknown> = { ...starter, ...present, type: 'module' };
  for (const member of ['scripts', 'dependencies', 'devDependencies']) {
    const own = withoutPlaceholder((present[member] ?? {}) as Json);
    const elsewhere = member === 'devDependencies' ? ((present['dependencies'] ?? {}) as Json) : {};
    const missing = Object.entries((starter[member] ?? {}) as Json).filter(
      ([name]) => !Object.hasOwn(elsewhere, name),
    );
    merged[member] = { ...Object.fromEntries(missing), ...own };
  }
  return merged;
}

/** `npm init` writes a test script that only fails. */
function withoutPlaceholder(scripts: Json): Json {
  const { test, ...others } = scripts;
  return typeof test === 'string' && !test.includes('no test specified') ? scripts : others;
}
