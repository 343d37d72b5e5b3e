import { viewRef, type FeatureViewManifest, type Manifest } from '@larder/features';
import type { RegistryStore } from '../registry-store.ts';
import { estimateRowBytes } from './estimate-bytes.ts';
import { readMeasuredFills, type MeasuredFill } from './measured-fills.ts';

/** What filling a view version takes; null: unknown. */
export interface FillEstimate {
  readonly ref: string;
  readonly rows: number | null;
  /** Where `rows` is from: the source counted them now, or a run over all rows of another version. */
  readonly rowsFrom: 'source' | 'run' | null;
  /** Why the source could not count its rows; null: it did, or was not asked. */
  readonly sourceProblem: string | null;
  readonly historyBytes: number | null;
  readonly redisBytes: number | null;
  readonly minutes: number | null;
  /** The measured rate, and what it was measured in: another version of the view, or a view that is computed the same way. */
  readonly rate: { readonly rowsPerSecond: number; readonly measuredIn: string } | null;
}

export interface EstimateOptions {
  readonly manifest: Manifest;
  readonly views: readonly FeatureViewManifest[];
  /** Counts the rows of a view's source. A rejection is a reason why they are unknown. @default earlier runs tell */
  readonly countRows?: ((view: FeatureViewManifest) => Promise<number>) | undefined;
}

/** Estimates rows, bytes and minutes of filling view versions, from their sources and from runs that were measured. */
export async function estimateFills(
  store: RegistryStore,
  { manifest, views, countRows }: EstimateOptions,
): Promise<FillEstimate[]> {
  if (views.length === 0) return [];
  const measured = await readMeasuredFills(store, manifest.project, views);
  return Promise.all(
    views.map(async (view, at) => {
      const counted = await count(view, countRows);
      return estimate(manifest, view, { ...(measured[at] as MeasuredFill), counted });
    }),
  );
}

interface Counted {
  readonly rows: number | null;
  readonly problem: string | null;
}

async function count(view: FeatureViewManifest, countRows: EstimateOptions['countRows']): Promise<Counted> {
  try {
    return { rows: (await countRows?.(view)) ?? null, problem: null };
  } catch (error) {
    return { rows: null, problem: error instanceof Error ? error.message : String(error) };
  }
}

interface Known extends MeasuredFill {
  readonly counted: Counted;
}

function estimate(
  manifest: Manifest,
  view: FeatureViewManifest,
  { counted, rows: ofRun, rate }: Known,
): FillEstimate {
  const entity = manifest.entities[view.entity];
  if (entity === undefined) throw new Error(`The manifest has no entity ${view.entity}.`);
  const rows = counted.rows ?? ofRun;
  const bytes = estimateRowBytes(view, entity);
  return {
    ref: viewRef(view),
    rows,
    rowsFrom: counted.rows !== null ? 'source' : ofRun !== null ? 'run' : null,
    sourceProblem: counted.problem,
    historyBytes: rows === null ? null : rows * bytes.history,
    redisBytes: rows === null ? null : rows * bytes.redis,
    minutes: rows === null || rate === null ? null : rows / rate.rowsPerSecond / 60,
    rate,
  };
}
