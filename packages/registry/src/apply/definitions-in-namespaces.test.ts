import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { writeProject, test } from '../testing/project.ts';
import { importBundle } from '@larder/features';

test('definitions in a namespace, an object and an array have their code', async () => {
  const project = await writeProject({
    name: 'held',
    prepare: (folder) =>
      writeFileSync(
        join(folder, 'src/views.ts'),
        `
import { f, onDemandFeatureView } from '@larder/features';
export const near = onDemandFeatureView('near', { request: { bid: f.float64() }, schema: { x: f.float32() }, compute: ({ request }) => ({ x: request.bid * 3 }) });
const make = (name, k) => onDemandFeatureView(name, { request: { bid: f.float64() }, schema: { x: f.float32() }, compute: ({ request }) => ({ x: request.bid * k }) });
export const made = { a: make('made_' + 'a', 5), b: [make('made_' + 'b', 7)] };
`,
      ),
    more: `
export * as views from './src/views.ts';
`,
  });
  expect(Object.keys(project.manifest.on_demand_feature_views)).toEqual(
    ['near', 'made_a', 'made_b', 'offer'].sort(),
  );
  for (const [name, x] of [
    ['near', 6],
    ['made_a', 10],
    ['made_b', 14],
  ] as const) {
    const text = (await project.code.onDemand.get(name)?.bundle()) ?? '';
    const { compute } = await importBundle(text, name);
    expect(compute({ request: { bid: 2 }, features: {} })).toEqual({ x });
  }
});
