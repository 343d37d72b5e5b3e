import { expect } from 'vitest';
import { test } from '../testing/store.ts';

test.for<[string, string, string]>([
  ['53100', 'could not extend file "base/1/2": No space left on device', 'Give it more space'],
  ['53200', 'out of shared memory', 'Raise max_locks_per_transaction'],
  ['53200', 'out of memory', 'out of memory'],
  ['53300', 'remaining connection slots are reserved', 'does not answer'],
])(
  'what PostgreSQL lacks is said, and may be tried again: %s %s',
  async ([code, reason, said], { store }) => {
    const failing = `do $$ begin raise exception '${reason}' using errcode = '${code}'; end $$`;
    await expect(store.pool.query(failing)).rejects.toMatchObject({
      code: 'DATABASE_UNAVAILABLE',
      message: expect.stringContaining(said),
      retryable: true,
    });
  },
);
