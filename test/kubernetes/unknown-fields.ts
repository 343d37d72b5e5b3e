/**
 * Runs a validator over a value and returns the paths of fields that it never looked at. Validators compiled from the
 * schemas of Kubernetes accept a misspelt optional field, because everything else is optional too; but they read what
 * they know, so what nobody reads is not of the schema.
 */
export function unknownFields(value: object, validate: (value: object) => void): string[] {
  const unread = new Set<string>();
  validate(watched(value, '', unread) as object);
  return [...unread];
}

function watched(value: unknown, path: string, unread: Set<string>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((each, index) => watched(each, `${path}/${index}`, unread));
  const copy: Record<string, unknown> = {};
  for (const [field, each] of Object.entries(value)) {
    const at = `${path}/${field}`;
    unread.add(at);
    copy[field] = watched(each, at, unread);
  }
  return new Proxy(copy, {
    get(target, field) {
      unread.delete(`${path}/${String(field)}`);
      return Reflect.get(target, field);
    },
    // a map, such as labels: every name is allowed
    ownKeys(target) {
      for (const field of Object.keys(target)) unread.delete(`${path}/${field}`);
      return Reflect.ownKeys(target);
    },
  });
}
