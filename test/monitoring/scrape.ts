/** What a process exports: metric name → its type and the labels of its samples. */
export type Scrape = ReadonlyMap<string, { readonly type: string; readonly labels: ReadonlySet<string> }>;

export async function scrape(url: string): Promise<{ readonly text: string; readonly metrics: Scrape }> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const metrics = new Map<string, { type: string; labels: Set<string> }>();
  for (const [, name = '', type = ''] of text.matchAll(/^# TYPE (\w+) (\w+)$/gm))
    metrics.set(name, { type, labels: new Set() });
  for (const [, name = '', labels = ''] of text.matchAll(/^(\w+)\{(.*)\} \S+$/gm)) {
    const metric = metrics.get(name) ?? metrics.get(name.replace(/_(bucket|sum|count)$/, ''));
    for (const [, label = ''] of labels.matchAll(/(\w+)="/g)) if (label !== 'le') metric?.labels.add(label);
  }
  return { text, metrics };
}
