import { createHash } from 'node:crypto';
import { LarderError } from '@larder/core';
import type { OnDemandFunction } from '../../on-demand/on-demand-views.ts';

/** A top-level await that never ends must not keep whoever waits for the model. */
const IMPORT_TIMEOUT_MS = 10_000;

/** By the hash of the text: a module that was imported stays in memory as long as the process. */
const imported = new Map<string, Promise<OnDemandFunction>>();

/**
 * The function of a bundle that `CodeUnit.bundle` made; the caller has verified its hash. Imported from a `data:` URL,
 * from where no package can be resolved.
 * @param view its name, for errors
 * @throws BUNDLE_INVALID when it throws while it is imported, does not end within the time, or exports no function
 */
export function importBundle(
  text: string,
  view?: string,
  timeoutMs = IMPORT_TIMEOUT_MS,
): Promise<OnDemandFunction> {
  const sha256 = createHash('sha256').update(text).digest('hex');
  const known = imported.get(sha256);
  if (known !== undefined) return known;
  const importing = importText(text, view === undefined ? '' : ` of on-demand view ${view}`, timeoutMs);
  imported.set(sha256, importing);
  // What was only late may be there at the next attempt.
  importing.catch(() => imported.delete(sha256));
  return importing;
}

async function importText(text: string, ofView: string, timeoutMs: number): Promise<OnDemandFunction> {
  const url = `data:text/javascript;base64,${Buffer.from(text).toString('base64')}`;
  let compute: unknown;
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`it takes longer than ${timeoutMs / 1_000} s (a top-level await?)`)),
    timeoutMs,
  );
  try {
    ({ default: compute } = (await Promise.race([import(/* @vite-ignore */ url), late.promise])) as {
      readonly default?: unknown;
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new LarderError('BUNDLE_INVALID', `The bundle${ofView} cannot be imported: ${reason}`, {
      cause: error,
    });
  } finally {
    clearTimeout(timer);
  }
  if (typeof compute !== 'function')
    throw new LarderError('BUNDLE_INVALID', `The bundle${ofView} exports no function.`);
  return { compute: compute as OnDemandFunction['compute'] };
}
