import { createHash } from 'node:crypto';
import type { FieldValue, SourceRow, UsedContent, ValueMemory } from '@larder/features';

type Values = Readonly<Record<string, FieldValue | null>>;

/** Texts of a batch, with what a worker remembers of them. */
export interface RememberedTexts {
  /** Of a text that this computation has read before; the others are missing. */
  readonly known: ReadonlyMap<string, Values>;
  /** Remembers what was computed of the other texts. */
  remember(computed: ReadonlyMap<string, Values>): Promise<void>;
}

/** Asks for all texts of a batch at once. */
export async function recallTexts(
  rows: readonly SourceRow[],
  column: string,
  memory: ValueMemory,
): Promise<RememberedTexts> {
  const rowsOf = new Map<string, number[]>();
  for (const [at, row] of rows.entries()) {
    const text = row[column];
    if (typeof text === 'string') rowsOf.set(text, [...(rowsOf.get(text) ?? []), at]);
  }
  const hashes = new Map(Array.from(rowsOf.keys(), (text) => [text, sha256Of(text)]));
  const known = new Map<string, Values>();
  await Promise.all(
    Array.from(hashes, async ([text, sha256]) => {
      const values = await memory.valuesOf(sha256);
      if (values !== null) known.set(text, values);
    }),
  );
  return {
    known,
    async remember(computed) {
      const used: UsedContent[] = [];
      for (const [text, sha256] of hashes) {
        const values = known.has(text) ? null : computed.get(text);
        if (values === undefined) continue;
        // A text has no address that a host could be asked about.
        used.push({ address: '', sha256, answer: null, values, rows: rowsOf.get(text) ?? [] });
      }
      await memory.remember(used);
    },
  };
}

function sha256Of(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
