import { isDeepStrictEqual } from 'node:util';
import { entityKeyOfTexts, type EntityManifest } from '@larder/features';
import { erasedAmong, holdOffErasures, type StoreTransaction, type TileBounds } from '@larder/offline-store';

import type { KeyTexts, SourceBounds } from '@larder/sources';
import type { PlannedChunk } from './plan-run.ts';

export interface PlanOfEntity {
  readonly project: string;
  readonly entity: EntityManifest;
}

type Bounds = SourceBounds | TileBounds;
type Range = Extract<Bounds, { readonly kind: 'range' | 'tiles' }>;

/**
 * The same chunks without erased keys, which the source may still have. An erasure that begins now waits for the transaction, and
 * finds its key; keys of earlier ones are left out of the lists, and are no limits: two chunks that such a key divides become one,
 * and at either end of the source the range is open.
 */
export async function leaveOutErased(
  tx: Pick<StoreTransaction, 'db'>,
  { project, entity }: PlanOfEntity,
  chunks: readonly PlannedChunk[],
): Promise<readonly PlannedChunk[]> {
  if (!(await holdOffErasures(tx, project, entity.name))) return chunks;
  const keys = chunks.flatMap(({ bounds }) => namedKeys(entity, bounds as Bounds));
  const erased = await erasedAmong(tx, { project, entity: entity.name, keys });
  if (erased.size === 0) return chunks;
  const isErased = (key: KeyTexts | string | null): boolean =>
    key !== null && erased.has(typeof key === 'string' ? key : canonical(entity, key));
  const kept: PlannedChunk[] = [];
  for (const chunk of chunks) {
    const bounds = chunk.bounds as Bounds;
    switch (bounds.kind) {
      case 'keys': {
        const left = bounds.keys.filter((key) => !isErased(key));
        if (left.length > 0) kept.push({ bounds: { ...bounds, keys: left }, rows: left.length });
        break;
      }
      case 'range':
      case 'tiles':
        addRange(kept, { bounds, rows: chunk.rows }, isErased);
        break;
      default:
        kept.push(chunk);
    }
  }
  return kept;
}

function addRange(
  kept: PlannedChunk[],
  { bounds, rows }: { readonly bounds: Range; readonly rows: number },
  isErased: (key: KeyTexts | string | null) => boolean,
): void {
  const [lower, upper] = limitsOf(bounds);
  const [opensLower, opensUpper] = [isErased(lower), isErased(upper)];
  // It has no other key.
  if (opensLower && isDeepStrictEqual(lower, upper)) return;
  const opened = withLimits(bounds, opensLower ? null : lower, opensUpper ? null : upper);
  const before = kept.at(-1);
  const last = before?.bounds as Bounds | undefined;
  if (before === undefined || last?.kind !== bounds.kind || !(opensLower || limitsOf(last)[1] === null))
    return void kept.push({ bounds: opened, rows });
  kept[kept.length - 1] = { bounds: joined(last, opened, before.rows), rows: before.rows + rows };
}

function joined(first: Range, second: Range, rowsOfFirst: number): Range {
  const whole = withLimits(second, limitsOf(first)[0], limitsOf(second)[1]);
  if (whole.kind !== 'range' || first.kind !== 'range') return whole;
  const { oneRowPerKey, ...range } = whole;
  return {
    ...range,
    maxRows: range.maxRows === null ? null : rowsOfFirst + range.maxRows,
    ...(oneRowPerKey && first.oneRowPerKey && { oneRowPerKey }),
  };
}

function limitsOf(bounds: Range): readonly [KeyTexts | string | null, KeyTexts | string | null] {
  return bounds.kind === 'range' ? [bounds.lower, bounds.upper] : [bounds.from, bounds.to];
}

function withLimits(bounds: Range, lower: unknown, upper: unknown): Range {
  return bounds.kind === 'range'
    ? { ...bounds, lower: lower as KeyTexts | null, upper: upper as KeyTexts | null }
    : { ...bounds, from: lower as string | null, to: upper as string | null };
}

function namedKeys(entity: EntityManifest, bounds: Bounds): string[] {
  switch (bounds.kind) {
    case 'keys':
      return bounds.keys.map((key) => canonical(entity, key));
    case 'range':
    case 'tiles':
      return limitsOf(bounds).flatMap((key) =>
        key === null ? [] : [typeof key === 'string' ? key : canonical(entity, key)],
      );
    default:
      return [];
  }
}

/** A key that no store can hold was never erased; its rows fail. */
function canonical(entity: EntityManifest, texts: KeyTexts): string {
  try {
    return entityKeyOfTexts(entity, texts);
  } catch {
    return '';
  }
}
