/** Whether a package is Larder, under any name that it has had. */
export function isLarder(specifier: string): boolean {
  return /^(?:larder|larderjs|@larder\/\w[\w-]*)(?:$|\/)/.test(specifier);
}

/** Its functions that make a definition out of a name and options with `compute`. */
export const FUNCTION_CONSTRUCTORS: ReadonlySet<string> = new Set(['onDemandFeatureView', 'postProcess']);
