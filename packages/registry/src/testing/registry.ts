import { createLogger } from '@larder/core';
import type {
  ComputeManifest,
  FeatureViewManifest,
  FieldManifest,
  Manifest,
  ModelManifest,
  OnDemandFeatureViewManifest,
  SourceManifest,
} from '@larder/features';
import { createOfflineStore, migrate, type OfflineStore } from '@larder/offline-store';
import { test as base } from '@larder/testing';

export const silent = createLogger('test', { level: 'silent' });

/** `test` with a migrated store of its own. */
export const test = base.extend<{ $file: { store: OfflineStore } }>({
  store: [
    async ({ database }, use) => {
      const store = createOfflineStore({ databaseUrl: database.url, logger: silent });
      await migrate(store);
      await use(store);
      await store.close();
    },
    { scope: 'file' },
  ],
});

/** A 64-digit hash that differs by its seed. */
export function hash(seed: string): string {
  return Buffer.from(seed).toString('hex').padEnd(64, '0').slice(0, 64);
}

const encoder = { path: 'models/encoder', sha256: hash('encoder') };
export const imageCompute: ComputeManifest = {
  kind: 'image_features',
  options: { pictureColumn: 'image_url' },
  artifacts: { encoder },
  code_sha256: null,
};
export const ownCompute: ComputeManifest = {
  kind: 'own',
  options: {},
  artifacts: {},
  code_sha256: hash('code'),
};
export const embedding: FieldManifest = { name: 'embedding', type: 'vector', length: 512 };
export const brightness: FieldManifest = { name: 'brightness', type: 'float32', default: 0.5 };

export const adSource: SourceManifest = {
  kind: 'sql',
  connection: 'ads',
  query: 'select ad_id, image_url, updated_at as event_timestamp from ads',
  event_timestamp_column: 'event_timestamp',
  created_timestamp_column: null,
};

export const adImage: FeatureViewManifest = {
  name: 'ad_image',
  version: 1,
  entity: 'ad',
  ttl_ms: 604_800_000,
  schedule: '0 4 * * *',
  available_after_ms: 0,
  chunk_rows: 100,
  source: adSource,
  schema: [embedding, brightness],
  compute: imageCompute,
  owner: null,
  tags: {},
  fingerprint: hash('ad_image@1'),
  schema_fingerprint: 1,
};

/** Computed by the project's own function. */
export const adText: FeatureViewManifest = {
  ...adImage,
  name: 'ad_text',
  schema: [{ name: 'word_count', type: 'int64', safe: true }],
  compute: ownCompute,
  fingerprint: hash('ad_text@1'),
};

export const adCtr: ModelManifest = {
  name: 'ad_ctr',
  inputs: [
    { view: 'ad_image', version: 1, features: ['embedding', 'brightness'] },
    { view: 'offer', version: null, features: ['bid_ratio'] },
  ],
  outputs: [{ name: 'ctr', type: 'float32' }],
  artifact: { path: 'models/ad_ctr', sha256: hash('ctr') },
  missing: 'nan',
  when_store_unavailable: 'defaults',
  deadline_ms: 100,
  owner: null,
  tags: {},
};

export const moment: OnDemandFeatureViewManifest = {
  name: 'moment',
  request: [{ name: 'requested_at', type: 'timestamp' }],
  inputs: [],
  schema: [{ name: 'hour_sin', type: 'float32' }],
  code_sha256: hash('moment'),
};

/** Two views, two on-demand views of which one reads the other, one model. */
export function manifest(project: string): Manifest {
  return {
    format: 1,
    project,
    connections: ['ads'],
    allowed_hosts: ['127.0.0.1:8080'],
    event_horizon_ms: 315_619_200_000,
    entities: { ad: { name: 'ad', join_keys: [{ name: 'ad_id', type: 'string' }] } },
    feature_views: { 'ad_image@1': adImage, 'ad_text@1': adText },
    on_demand_feature_views: {
      moment,
      offer: {
        name: 'offer',
        request: [{ name: 'bid', type: 'float64' }],
        inputs: [{ view: 'moment', version: null, features: ['hour_sin'] }],
        schema: [{ name: 'bid_ratio', type: 'float32' }],
        code_sha256: hash('offer'),
      },
    },
    models: { ad_ctr: adCtr },
  };
}

export function withView(whole: Manifest, view: FeatureViewManifest): Manifest {
  return { ...whole, feature_views: { ...whole.feature_views, [`${view.name}@${view.version}`]: view } };
}

export function withModel(whole: Manifest, model: ModelManifest): Manifest {
  return { ...whole, models: { ...whole.models, [model.name]: model } };
}

/** Without one member of a record. */
export function without<T>(record: Readonly<Record<string, T>>, name: string): Record<string, T> {
  return Object.fromEntries(Object.entries(record).filter(([key]) => key !== name));
}
