interface Page<T> {
  readonly items: readonly T[];
  readonly cursor: string | null;
}

interface PageQuery {
  readonly cursor?: string | undefined;
  readonly limit: number;
}

/** Reads pages of at most `maxPage` until there are `limit` items. @returns the cursor of what was left out; null: nothing was */
export async function pages<T>(
  limit: number,
  maxPage: number,
  read: (query: PageQuery) => Promise<Page<T>>,
  from?: string,
): Promise<{ readonly items: T[]; readonly cursor: string | null }> {
  const items: T[] = [];
  let cursor: string | null = from ?? null;
  do {
    const page: Page<T> = await read({
      cursor: cursor ?? undefined,
      limit: Math.min(maxPage, limit - items.length),
    });
    items.push(...page.items);
    ({ cursor } = page);
  } while (cursor !== null && items.length < limit);
  return { items, cursor };
}
