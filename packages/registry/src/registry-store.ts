import type { OfflineStore } from '@larder/offline-store';

/** The store or one of its transactions. */
export type RegistryStore = Pick<OfflineStore, 'db'>;
