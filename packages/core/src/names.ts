/** Names of entities, views, features, models and fields: one string in every store and API. */
export const NAME_PATTERN = /^[a-z][a-z0-9_]{0,39}$/;

export function isName(text: string): boolean {
  return NAME_PATTERN.test(text);
}
