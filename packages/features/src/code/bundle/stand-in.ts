import { FUNCTION_CONSTRUCTORS } from '../larder-package.ts';

/** Specifier of what a bundle has in place of Larder. */
export const STAND_IN = 'larder:stand-in';

/** Name under which emitted code calls what stands for a definition. */
export const DEFINITION = '__larder_definition';

/**
 * A function that makes on-demand views or post-processing runs again where the bundle is loaded, and gives its view to this module.
 * Definitions around it are of no interest there: they are values that allow everything while the bundle is loaded, and
 * nothing afterwards.
 */
export const STAND_IN_TEXT = `
const made = new Map();
let loaded = false;
const used = () => {
  throw new Error('An on-demand function cannot use Larder while it runs.');
};
export const definition = new Proxy(function () {}, {
  get: (_, member) => (loaded || member === Symbol.toPrimitive ? used() : definition),
  apply: () => (loaded ? used() : definition),
  construct: () => (loaded ? used() : definition),
});
export const onDemandFeatureView = (name, { compute }) => {
  made.set(name, compute);
  return definition;
};
export const postProcess = onDemandFeatureView;
export const namespace = new Proxy({}, {
  get: (_, member) =>
    member === 'onDemandFeatureView' || member === 'postProcess' ? onDemandFeatureView : definition,
});
export const computeOf = (name) => {
  loaded = true;
  return made.get(name);
};
`;

/** What stands for an export of Larder. */
export function standInFor(name: string): { readonly path: string; readonly name: string } {
  if (name === '*') return { path: STAND_IN, name: 'namespace' };
  return { path: STAND_IN, name: FUNCTION_CONSTRUCTORS.has(name) ? name : 'definition' };
}
