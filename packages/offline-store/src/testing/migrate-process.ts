import { createOfflineStore, migrate } from '../index.ts';
import { createLogger } from '@larder/core';

const store = createOfflineStore({
  databaseUrl: process.argv[2] ?? '',
  logger: createLogger('migrate', { level: 'silent' }),
});
const answer = await migrate(store).catch((error: unknown) => ({ failure: String(error) }));
await store.close();
process.send?.(answer);
