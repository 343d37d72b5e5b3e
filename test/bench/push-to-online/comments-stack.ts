import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { abandonedStateFolders, openStateFolder, removeStateFolder } from '@larder/infra';
import { startStack, type Stack } from '@larder/infra/stack';
import pg from 'pg';

const root = resolve(import.meta.dirname, '../../..');

export interface CommentsStack {
  readonly stack: Stack;
  close(): Promise<void>;
}

/** A stack with one worker of two slots, and a table of `rows` comments for its backfill in a separate database. */
export async function startCommentsStack(rows: number): Promise<CommentsStack> {
  for (const name of abandonedStateFolders(root, 'bench'))
    rmSync(join(root, '.larder', name), { recursive: true, force: true });
  const state = openStateFolder(root, `bench-${process.pid}`);
  const stack = await startStack({
    project: join(import.meta.dirname, 'larder.config.ts'),
    root: state.path,
    port: 16_630,
    actor: 'bench',
    async env({ databaseUrl }) {
      await run(databaseUrl, 'create database shop');
      const sourceUrl = databaseUrl.replace(/^(postgresql:\/\/[^/]*)\/[^?]*/, '$1/shop');
      await run(
        sourceUrl,
        `create table comments as
         select 'archived-' || lpad(n::text, 9, '0') as comment_id,
           'I like part ' || n || ', but what a waste of time the rest was' as text,
           now() - n % 1728000 * interval '1 second' as written_at
         from generate_series(1, ${rows}) n;
         alter table comments add primary key (comment_id)`,
      );
      return { LARDER_CONNECTION_SHOP_URL: sourceUrl, LARDER_WORKER_SLOTS: '2' };
    },
  });
  return {
    stack,
    async close() {
      await stack.stop();
      removeStateFolder(state);
    },
  };
}

async function run(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
