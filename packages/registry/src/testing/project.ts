import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadProject, type LoadedProject } from '@larder/features';
import { writeLogisticArtifact, type LogisticArtifactOptions } from '@larder/model-runtime/testing';
import { createArtifactStore, type ArtifactStore } from '../artifacts/artifact-store.ts';
import type { OfflineStore } from '@larder/offline-store';
import { inject } from 'vitest';
import { silent, test as base } from './registry.ts';

/** `test` with an artifact store. */
export const test = base.extend<{ artifacts: ArtifactStore }>({
  artifacts: async ({ store }, use) => {
    await use(openArtifacts(store));
  },
});

export function openArtifacts(store: OfflineStore): ArtifactStore {
  return createArtifactStore({ store, url: null, cacheFolder: newFolder('cache'), logger: silent });
}

export function newFolder(name: string): string {
  const folder = join(inject('testFolder'), `${name}-${randomBytes(4).toString('hex')}`);
  mkdirSync(folder, { recursive: true });
  return folder;
}

export interface ProjectFiles {
  readonly name: string;
  /** Body of the on-demand function, with `request.bid`. @default '({ bid_ratio: ratio(request.bid) })' */
  readonly compute?: string;
  /** Definitions that the model refers to. */
  readonly before?: string;
  /** More of the module: further definitions. */
  readonly more?: string;
  /** More options of the model, as written. */
  readonly model?: string;
  readonly artifact?: Partial<LogisticArtifactOptions>;
  /** Writes into the folder before it is loaded. */
  readonly prepare?: (folder: string) => Promise<void> | void;
}

/** A project in a folder of its own: a view of PostgreSQL, an on-demand view and a model over both. */
export async function writeProject(files: ProjectFiles): Promise<LoadedProject> {
  const { name, compute = '({ bid_ratio: ratio(request.bid) })', before = '', more = '', model = '' } = files;
  const folder = newFolder(name);
  await writeLogisticArtifact(join(folder, 'models/ad_ctr'), {
    features: ['ad_stats:clicks', 'offer:bid_ratio'],
    weights: [0.5, -1],
    imputed: 0,
    ...files.artifact,
  });
  mkdirSync(join(folder, 'src'));
  writeFileSync(join(folder, 'src/ratio.ts'), 'export const ratio = (bid: number) => bid / 2;\n');
  writeFileSync(
    join(folder, 'larder.config.ts'),
    `import { artifact, computeWith, entity, f, featureView, model, onDemandFeatureView, project } from '@larder/features';
import { sqlSource } from '@larder/sources';
import { ratio } from './src/ratio.ts';
const ad = entity('ad', { ad_id: f.string() });
const source = sqlSource({ connection: 'ads', query: 'select ad_id, clicks, at as event_timestamp from ads' });
export const adStats = featureView('ad_stats', {
  version: 1, entity: ad, ttl: '7d', source, schema: { clicks: f.float32() },
});
export const offer = onDemandFeatureView('offer', {
  request: { bid: f.float64() }, schema: { bid_ratio: f.float32() }, compute: ({ request }) => ${compute},
});
${before}
export const adCtr = model('ad_ctr', {
  features: [adStats, offer], output: { ctr: f.float32() }, artifact: artifact('models/ad_ctr'),${model}
});
void computeWith;
${more}
export default project('${name}', { connections: ['ads'] });
`,
  );
  await files.prepare?.(folder);
  return loadProject(join(folder, 'larder.config.ts'));
}
