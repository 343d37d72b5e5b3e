type Json = Readonly<Record<string, unknown>>;

const DEPENDENCIES = ['dependencies', 'devDependencies', 'optionalDependencies'] as const;

/**
 * Adds to a package.json what it lacks of the starter's. Its own entries stay, except `type`: Node reads
 * larder.config.ts as an ES module.
 */
export function mergePackage(present: Json, starter: Json): Json {
  const merged: Record<string, unknown> = { ...starter, ...present, type: 'module' };
  const installed = new Set(DEPENDENCIES.flatMap((member) => Object.keys(entries(present, member))));
  for (const member of DEPENDENCIES) {
    const missing = Object.entries(entries(starter, member)).filter(([name]) => !installed.has(name));
    const all = { ...Object.fromEntries(missing), ...entries(present, member) };
    if (Object.keys(all).length > 0) merged[member] = all;
    else delete merged[member];
  }
  merged['scripts'] = {
    ...entries(starter, 'scripts'),
    ...withoutPlaceholder(entries(present, 'scripts')),
  };
  return merged;
}

function entries(json: Json, member: string): Json {
  return (json[member] ?? {}) as Json;
}

/** `npm init` writes a test script that only fails. */
function withoutPlaceholder(scripts: Json): Json {
  const { test, ...others } = scripts;
  return typeof test === 'string' && !test.includes('no test specified') ? scripts : others;
}
