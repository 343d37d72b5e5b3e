import { createHash } from 'node:crypto';
import type { FieldValue, SourceRow, UsedContent, ValueMemory } from '@larder/features';
import type { PictureFetcher } from './picture-fetcher.ts';
import { computePictureRows, type PictureRowsOptions } from './picture-rows.ts';

type Values = Readonly<Record<string, FieldValue | null>>;

export interface RememberedPicturesOptions extends Pick<
  PictureRowsOptions,
  'column' | 'concurrency' | 'signal'
> {
  readonly memory: ValueMemory | undefined;
}

export interface RememberedPictures {
  /** As `computePictureRows`; pictures that are remembered are neither decoded nor, if the host agrees, downloaded. */
  computeRows(
    rows: readonly SourceRow[],
    options: RememberedPicturesOptions,
  ): ReturnType<typeof computePictureRows>;
}

/**
 * Computes the rows of one computation's batches. Batches in this thread that meet a content at the same time compute it
 * once; elsewhere it is known when the batch that computed it has ended.
 */
export function createRememberedPictures(
  fetcher: PictureFetcher,
  describe: (bytes: Buffer, signal: AbortSignal) => Promise<Values>,
): RememberedPictures {
  /** By the content's hash; kept until the batch that began it has ended. */
  const computing = new Map<string, Promise<Values>>();

  async function computeFetched(address: string, signal: AbortSignal): Promise<Values> {
    const fetched = await fetcher.fetch(address, signal);
    if (fetched === 'unchanged') throw new Error('A picture that nobody knows is said to be unchanged.');
    return describe(fetched.bytes, signal);
  }

  async function computeOnce(
    sha256: Buffer,
    bytes: Buffer,
    signal: AbortSignal,
    began: Set<string>,
  ): Promise<Values> {
    const name = sha256.toString('hex');
    // The other batch may run out of its time.
    const values = await computing.get(name)?.catch(() => undefined);
    if (values !== undefined) return values;
    const computed = describe(bytes, signal);
    computing.set(name, computed);
    began.add(name);
    return computed;
  }

  return {
    async computeRows(rows, { memory, ...options }) {
      const { column, signal } = options;
      if (memory === undefined)
        return computePictureRows(rows, {
          ...options,
          describe: (address) => computeFetched(address, signal),
        });
      const rowsOf = rowsByAddress(rows, column);
      const recalled = await memory.recall([...rowsOf.keys()]);
      const used: UsedContent[] = [];
      const began = new Set<string>();

      const describeAddress = async (address: string): Promise<Values> => {
        const use = (content: Pick<UsedContent, 'sha256' | 'answer' | 'values'>): void =>
          void used.push({ address, rows: rowsOf.get(address) ?? [], ...content });
        const known = recalled.get(address);
        const values = known?.values ?? null;
        if (known && values && known.isCurrent) {
          use({ sha256: known.sha256, answer: null, values: null });
          return values;
        }
        const fetched = await fetcher.fetch(address, signal, values && known ? known.validators : null);
        if (fetched === 'unchanged') {
          if (!known || !values) throw new Error('A picture that nobody knows is said to be unchanged.');
          use({ sha256: known.sha256, answer: { validators: known.validators }, values: null });
          return values;
        }
        const { bytes, answer } = fetched;
        const sha256 = createHash('sha256').update(bytes).digest();
        const remembered = await memory.valuesOf(sha256);
        const found = remembered ?? (await computeOnce(sha256, bytes, signal, began));
        use({ sha256, answer, values: remembered ? null : found });
        return found;
      };

      try {
        const outcomes = await computePictureRows(rows, { ...options, describe: describeAddress });
        await memory.remember(used);
        return outcomes;
      } finally {
        for (const name of began) computing.delete(name);
      }
    },
  };
}

function rowsByAddress(rows: readonly SourceRow[], column: string): Map<string, number[]> {
  const rowsOf = new Map<string, number[]>();
  for (const [at, row] of rows.entries()) {
    const address = row[column];
    if (typeof address !== 'string') continue;
    const others = rowsOf.get(address);
    if (others) others.push(at);
    else rowsOf.set(address, [at]);
  }
  return rowsOf;
}
