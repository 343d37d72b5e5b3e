import type { TrainingSetManifest, UnknownView } from '@larder/training';
import { printableInstant } from '../output/printable.ts';

/** Why a view gave no value to any row of the set. */
export function unknownRemark(
  { ref, begins }: UnknownView,
  { spine, cut_off: cutOff }: TrainingSetManifest,
): string {
  const online = cutOff === 'online';
  const what = `No row of ${ref} was ${online ? 'online' : 'known'} at any of these times`;
  if (begins === undefined) return `${what}.`;
  if (begins === null) return `${what}: its history is empty. Fill it: larder backfill ${ref.split('@')[0]}`;
  const start = `its history begins at ${printableInstant(begins.toISOString())}`;
  if (begins.getTime() > Date.parse(spine.to)) return `${what}: ${start}.`;
  return `${what}: ${start}, and ${online ? 'the online store had' : 'it has'} none of these keys by then.`;
}
