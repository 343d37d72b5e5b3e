/**
 * `text.charCodeAt(index)` in code that meets strings of every kind (from JSON, from a buffer, concatenated): there, loading
 * the method from each of them takes longer than the call.
 */
export const codeAt: (text: string, index: number) => number = Function.prototype.call.bind(
  String.prototype.charCodeAt,
);
