const BRAND = Symbol.for('larder.definition');

/** Marks what a constructor made, so that a look-alike export is not taken for a definition; works across two copies of this package. */
export function brand<D extends object>(definition: D): Readonly<D> {
  Object.defineProperty(definition, BRAND, { value: true });
  return Object.freeze(definition);
}

export function isBranded(value: unknown): value is object {
  return typeof value === 'object' && value !== null && BRAND in value;
}
