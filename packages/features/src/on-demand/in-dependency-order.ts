import type { InputManifest } from '../manifest/manifest.ts';

/** Every on-demand feature view that the inputs need, directly or indirectly, each after those it reads. */
export function inDependencyOrder<Definition extends { readonly inputs: readonly InputManifest[] }>(
  definitions: Readonly<Record<string, Definition>>,
  inputs: readonly InputManifest[],
): Definition[] {
  const ordered = new Map<string, Definition>();
  const visit = (read: readonly InputManifest[]) => {
    for (const { view, version } of read) {
      if (version !== null || ordered.has(view)) continue;
      const definition = Object.hasOwn(definitions, view) ? definitions[view] : undefined;
      if (definition === undefined) throw new Error(`The manifest has no on-demand feature view ${view}.`);
      visit(definition.inputs);
      ordered.set(view, definition);
    }
  };
  visit(inputs);
  return [...ordered.values()];
}
