/** Whether a package is Larder, under any name that it has had. */
export function isLarder(specifier: string): boolean {
  return /^(?:larder|larderjs|@larder\/\w[\w-]*)(?:$|\/)/.test(specifier);
}
