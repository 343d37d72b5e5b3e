import type { MemoryScope } from '@larder/offline-store';

export type FindValues = (
  scope: MemoryScope,
  contents: readonly Uint8Array[],
) => Promise<readonly { readonly contentSha256: Buffer; readonly values: Buffer }[]>;

interface Waiting {
  readonly content: Uint8Array;
  readonly found: PromiseWithResolvers<Uint8Array | null>;
}

/** Looks contents up one by one for the caller, and with one query for all that wait while another query runs. */
export function createValueLookups(findValues: FindValues): {
  find(scope: MemoryScope, content: Uint8Array): Promise<Uint8Array | null>;
} {
  const queues = new Map<string, Waiting[]>();

  async function drain(name: string, scope: MemoryScope, queue: Waiting[]): Promise<void> {
    while (queue.length > 0) {
      const taken = queue.splice(0);
      try {
        const rows = await findValues(
          scope,
          taken.map(({ content }) => content),
        );
        const byContent = new Map(rows.map((row) => [row.contentSha256.toString('hex'), row.values]));
        for (const { content, found } of taken)
          found.resolve(byContent.get(Buffer.from(content).toString('hex')) ?? null);
      } catch (error) {
        for (const { found } of taken) found.reject(error);
      }
    }
    queues.delete(name);
  }

  return {
    find(scope, content) {
      const name = `${Buffer.from(scope.computation).toString('hex')} ${scope.revision} ${scope.forced}`;
      const found = Promise.withResolvers<Uint8Array | null>();
      const queue = queues.get(name);
      if (queue !== undefined) queue.push({ content, found });
      else {
        const started: Waiting[] = [{ content, found }];
        queues.set(name, started);
        void drain(name, scope, started);
      }
      return found.promise;
    },
  };
}
