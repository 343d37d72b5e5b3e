import { createHash } from 'node:crypto';
import { LarderError } from '@larder/core';
import type { OnDemandFunction } from '../../on-demand/on-demand-views.ts';

/** By the hash of the text: a module that was imported stays in memory as long as the process. */
const imported = new Map<string, Promise<OnDemandFunction>>();

/**
 * The function of a bundle that `CodeUnit.bundle` made; the caller has verified its hash. Imported from a `data:` URL,
 * from where no package can be resolved.
 * @param view its name, for errors
 * @throws BUNDLE_INVALID when it throws while it is imported, or exports no function
 */
export function importBundle(text: string, view?: string): Promise<OnDemandFunction> {
  const sha256 = createHash('sha256').update(text).digest('hex');
  const known =
    imported.get(sha256) ?? importText(text, view === undefined ? '' : ` of on-demand view ${view}`);
  imported.set(sha256, known);
  return known;
}

async function importText(text: string, ofView: string): Promise<OnDemandFunction> {
  const url = `data:text/javascript;base64,${Buffer.from(text).toString('base64')}`;
  let compute: unknown;
  try {
    ({ default: compute } = (await import(/* @vite-ignore */ url)) as { readonly default?: unknown });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new LarderError('BUNDLE_INVALID', `The bundle${ofView} cannot be imported: ${reason}`, {
      cause: error,
    });
  }
  if (typeof compute !== 'function')
    throw new LarderError('BUNDLE_INVALID', `The bundle${ofView} exports no function.`);
  return { compute: compute as OnDemandFunction['compute'] };
}
