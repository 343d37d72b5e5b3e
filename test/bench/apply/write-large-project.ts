import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeLogisticArtifact } from '@larder/model-runtime/testing';

export const VIEWS = 300;
/** Views with a computation of the project's own. */
const COMPUTED = 100;
const FUNCTIONS = 100;
/** Modules that both kinds of code import. */
const SHARED = 50;

/** A project of 300 views, a third of them computed by modules of its own, and 100 on-demand functions; one model reads 100 of each. */
export async function writeLargeProject(folder: string): Promise<string> {
  mkdirSync(join(folder, 'src'), { recursive: true });
  for (let n = 0; n < SHARED; n++) {
    const next = n + 1 < SHARED ? `import { part${n + 1} } from './part-${n + 1}.ts';\n` : '';
    const rest = n + 1 < SHARED ? ` + part${n + 1}(x / 2)` : '';
    writeFileSync(
      join(folder, `src/part-${n}.ts`),
      `${next}const TABLE = new Map<number, number>();\nfor (let i = 0; i < 100; i++) TABLE.set(i, i * ${n});\nexport function part${n}(x: number): number {\n  if (!Number.isFinite(x) || x < 1) return 0;\n  return (TABLE.get(Math.floor(x) % 100) ?? 0)${rest};\n}\n`,
    );
  }
  for (let n = 0; n < COMPUTED; n++)
    writeFileSync(
      join(folder, `src/words-${n}.ts`),
      `import { part${n % SHARED} } from './part-${n % SHARED}.ts';\nexport default { createComputation: async () => ({ compute: async (rows: any[]) => rows.map((row) => ({ values: { value: part${n % SHARED}(Number(row.n) + ${n}) } })), close: async () => {} }) };\n`,
    );
  for (let n = 0; n < FUNCTIONS; n++)
    writeFileSync(
      join(folder, `src/offer-${n}.ts`),
      `import { f, onDemandFeatureView } from '@larder/features';\nimport { part${n % SHARED} } from './part-${n % SHARED}.ts';\nconst FACTOR = ${n};\nexport const offer${n} = onDemandFeatureView('offer_${n}', {\n  request: { bid: f.float64() },\n  schema: { value_${n}: f.float32() },\n  compute: ({ request }) => ({ value_${n}: part${n % SHARED}(request.bid * FACTOR) }),\n});\n`,
    );
  const numbers = Array.from({ length: VIEWS }, (_, n) => n);
  const functions = numbers.slice(0, FUNCTIONS);
  const compute = (n: number): string =>
    n < COMPUTED ? ` compute: computeWith(import.meta.url, () => import('./src/words-${n}.ts')),` : '';
  writeFileSync(
    join(folder, 'larder.config.ts'),
    `import { artifact, computeWith, entity, f, featureView, model, project } from '@larder/features';
import { sqlSource } from '@larder/sources';
${functions.map((n) => `import { offer${n} } from './src/offer-${n}.ts';`).join('\n')}
const ad = entity('ad', { ad_id: f.string() });
const source = (n: number) => sqlSource({ connection: 'ads', query: \`select ad_id, n, value, at as event_timestamp from ads_\${n}\` });
${numbers
  .map(
    (n) =>
      `export const view${n} = featureView('view_${n}', { version: 1, entity: ad, ttl: '7d', source: source(${n}), schema: { value: f.float32() },${compute(n)} });`,
  )
  .join('\n')}
export const ranking = model('ranking', {
  features: [${functions.map((n) => `view${n}, offer${n}`).join(', ')}],
  output: { ctr: f.float32() },
  artifact: artifact('models/ranking'),
});
export default project('large', { connections: ['ads'] });
`,
  );
  const features = functions.flatMap((n) => [`view_${n}:value`, `offer_${n}:value_${n}`]);
  await writeLogisticArtifact(join(folder, 'models/ranking'), {
    features,
    weights: features.map(() => 0.01),
    imputed: 0,
  });
  return join(folder, 'larder.config.ts');
}
