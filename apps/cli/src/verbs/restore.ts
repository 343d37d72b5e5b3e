import { readFile } from 'node:fs/promises';
import { createLogger, currentActor, LarderError } from '@larder/core';
import type { Manifest } from '@larder/features';
import type { KeptReceipts, ReplayedErasures } from '@larder/materialization/erasure';
import type { AuthoritativeReport, RestoreReport } from '@larder/materialization/restore';
import type { RememberedErasure } from '@larder/offline-store';
import type { OnlineStore } from '@larder/online-store';
import { z } from 'zod';
import { askYes } from '../output/confirm.ts';
import type { Output } from '../output/output.ts';
import { printableCount } from '../output/printable.ts';
import { table } from '../output/table.ts';
import { DONE } from '../problem.ts';
import { chosenViews } from '../restore/chosen-views.ts';
import { restoreProgress } from '../restore/restore-progress.ts';
import type { Session } from '../session.ts';
import { defineVerb, wrongUsage } from '../verb.ts';

const instant = z.iso.datetime({
  offset: true,
  error: 'must be an instant with an offset, such as 2026-11-20T00:00:00Z',
});

export const verb = defineVerb({
  byName: true,
  describe(command) {
    command
      .argument('[views...]', 'views, such as ad_image (all its versions) or ad_image@1 [every applied one]')
      .option('--since <instant>', 'only rows that landed since, as after a failover of Redis')
      .option('--authoritative', 'also remove what history does not know, after PostgreSQL was restored')
      .option('--yes', 'with --authoritative: do not ask when history seems to lack rows')
      .option(
        '--receipts <file>',
        'with --authoritative: output of larder forget --receipts --json that was kept, too',
      )
      .option('--max-rows-per-second <n>', 'limit the load on both stores')
      .addHelpText(
        'after',
        `
Writes the newest row of every key from history to Redis, and the windows of events; first the
tombstones of erased entities. Nothing is computed, and nothing newer is replaced: predictions, pushes
and runs may go on meanwhile. Safe to stop and to repeat. While a store is away it waits.

After a recovery of PostgreSQL to an earlier time, --authoritative first lets revisions jump ahead, so
that new rows are newer than lost ones, and removes from Redis the rows, windows and view versions that
history does not know; people that were forgotten in the lost time are erased again, by the tombstones of
Redis and the receipts in LARDER_RECEIPTS_URL. When history seems to be the one that lost its rows, it
asks, or needs --yes.

Examples:
  larder restore
  larder restore ad_image ad_stats@2 --max-rows-per-second 20000
  larder restore --authoritative
  larder restore --since 2026-11-29T09:00:00Z`,
      );
  },
  input: z.object({
    views: z.array(z.string()).default([]),
    since: instant.optional(),
    authoritative: z.boolean().default(false),
    yes: z.boolean().default(false),
    receipts: z.string().optional(),
    maxRowsPerSecond: z.coerce
      .number('must be a number above 0')
      .positive('must be a number above 0')
      .optional(),
  }),
  async run(session, { views: names, since, authoritative, yes, receipts, maxRowsPerSecond }) {
    const { out, signal } = session;
    if (authoritative && since !== undefined)
      throw wrongUsage('restore', [{ pointer: '--authoritative and --since', detail: 'exclude each other' }]);
    if (since !== undefined && Date.parse(since) > Date.now())
      throw wrongUsage('restore', [
        { pointer: '--since', detail: 'lies in the future: nothing landed since' },
      ]);
    if (receipts !== undefined && !authoritative)
      throw wrongUsage('restore', [{ pointer: '--receipts', detail: 'needs --authoritative' }]);
    const fromFile = receipts === undefined ? [] : await readReceipts(receipts);
    const [{ restoreAuthoritatively, restoreOnlineStore }, store] = await Promise.all([
      import('@larder/materialization/restore'),
      session.offlineStore(),
    ]);
    const manifest = await applied(session);
    const kept = authoritative ? await keptReceipts(session, manifest.project) : null;
    const views = chosenViews(manifest, names);
    const online = await openOnlineStore(session, manifest.project);
    const progress = restoreProgress(out, { store, manifest, views });
    const startedMs = performance.now();
    try {
      const deps = {
        store,
        onlineStore: online.store,
        manifest,
        applied: () => applied(session),
        signal,
        onRemark: (text: string) => out.note(text),
      };
      const options = {
        views,
        landedSince: since === undefined ? null : new Date(since),
        ...(maxRowsPerSecond === undefined ? {} : { maxRowsPerSecond }),
        onProgress: progress.update,
      };
      let erasedAgain: ReplayedErasures | null = null;
      const report = authoritative
        ? await restoreAuthoritatively(deps, {
            ...options,
            everything: names.length === 0,
            nowMs: Date.now(),
            onEntities: progress.looked,
            confirm: async (doubts) => {
              progress.stop();
              return yes || confirmed(session, doubts);
            },
            async eraseFirst() {
              erasedAgain = await eraseAgain(session, {
                manifest,
                onlineStore: online.store,
                kept: [...fromFile, ...(kept?.erasures ?? [])],
              });
            },
          })
        : await restoreOnlineStore(deps, options);
      progress.stop();
      answer(
        out,
        { ...report, erasedAgain, receiptsRead: kept?.read ?? null },
        (performance.now() - startedMs) / 1_000,
      );
      return DONE;
    } finally {
      progress.stop();
      online.close();
    }
  },
});

/** Before anything is changed. Null: nowhere are receipts kept. @throws RECEIPT_INVALID, RECEIPTS_UNAVAILABLE */
async function keptReceipts({ receipts }: Session, project: string): Promise<KeptReceipts | null> {
  const place = await receipts();
  if (place === null) return null;
  const { readKeptReceipts } = await import('@larder/materialization/erasure');
  return readKeptReceipts(place, project);
}

/** Erases again what PostgreSQL lost and Redis, or receipts that were kept, remember. */
async function eraseAgain(
  { offlineStore, receipts }: Session,
  {
    manifest,
    onlineStore,
    kept,
  }: {
    readonly manifest: Manifest;
    readonly onlineStore: OnlineStore;
    readonly kept: readonly RememberedErasure[];
  },
): Promise<ReplayedErasures> {
  const { eraseFromArchivesHere, replayErasures } = await import('@larder/materialization/erasure');
  const store = await offlineStore();
  const remembered: RememberedErasure[] = [...kept];
  for await (const page of onlineStore.tombstones())
    for (const { hash, slot, erasedAtMs } of page)
      remembered.push({ entity: null, keyHash: hash, slot, erasedAtMs });
  return replayErasures(
    {
      offlineStore: store,
      onlineStore,
      receipts: await receipts(),
      eraseFromArchives: eraseFromArchivesHere(store),
      logger: createLogger('larder', { level: 'silent' }),
    },
    {
      manifest,
      remembered,
      actor: currentActor().actor,
      reason: 'replayed: PostgreSQL was restored to before the erasure',
    },
  );
}

const receiptsFile = z.object({
  receipts: z.array(
    z.object({
      entity: z.string(),
      key_hash: z.string().regex(/^[0-9a-f]{64}$/),
      requested_at: z.iso.datetime({ offset: true }),
      allowed_again: z.unknown(),
    }),
  ),
});

/** Those whose keys were not allowed again. @throws REQUEST_INVALID */
async function readReceipts(path: string): Promise<RememberedErasure[]> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const parsed = receiptsFile.safeParse(jsonOrNull(text));
  if (!parsed.success)
    throw wrongUsage('restore', [
      {
        pointer: '--receipts',
        detail: `must name a file that larder forget --receipts --json wrote: ${path}`,
      },
    ]);
  return parsed.data.receipts
    .filter((receipt) => receipt.allowed_again === null)
    .map((receipt) => ({
      entity: receipt.entity,
      keyHash: Buffer.from(receipt.key_hash, 'hex'),
      erasedAtMs: Date.parse(receipt.requested_at),
      slot: null,
    }));
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

async function confirmed(session: Session, doubts: readonly string[]): Promise<boolean> {
  for (const doubt of doubts) session.out.note(doubt);
  return askYes('History seems to lack rows. Remove them from Redis?', session);
}

/** @throws PROJECT_NOT_FOUND */
async function applied({ offlineStore, projectName }: Session): Promise<Manifest> {
  const { appliedManifest } = await import('@larder/registry');
  const name = await projectName();
  const found = await appliedManifest(await offlineStore(), name);
  if (found !== null) return found.manifest;
  throw new LarderError(
    'PROJECT_NOT_FOUND',
    `No project ${name} is applied in this database, so there is no history. Restore PostgreSQL first.`,
  );
}

/** A connection that comes back by itself: a restore outlives an outage. */
async function openOnlineStore({ config, offlineStore, redis }: Session, project: string) {
  // Says what is not configured, or cannot be reached at all.
  await redis();
  const [{ connectRedis, createOnlineStore }, { projectKeyHasher }] = await Promise.all([
    import('@larder/online-store'),
    import('@larder/offline-store'),
  ]);
  const store = await offlineStore();
  const connection = connectRedis(config.redisUrl as string, {
    role: 'worker',
    logger: createLogger('larder', { level: 'silent' }),
  });
  return {
    store: createOnlineStore({
      redis: connection,
      project,
      keyHasher: () => projectKeyHasher(store, project),
    }),
    close: () => connection.disconnect(),
  };
}

type Report = (RestoreReport | AuthoritativeReport) & {
  readonly erasedAgain: ReplayedErasures | null;
  /** Null: nowhere are receipts kept. */
  readonly receiptsRead: number | null;
};

function answer(out: Output, report: Report, seconds: number): void {
  const { tombstones, views } = report;
  const rows = views.reduce((sum, view) => sum + view.rows, 0);
  const json = views.map(({ ref, rows: count, created, newer, erased }) => ({
    view: ref,
    rows: count,
    created,
    newer,
    erased: erased.length,
  }));
  const { erasedAgain, receiptsRead } = report;
  const own =
    'removed' in report
      ? {
          removed: report.removed,
          jumped: report.jumped,
          receipts_read: receiptsRead,
          erasures_replayed: erasedAgain?.lost,
          erased_again: erasedAgain?.erased,
        }
      : {};
  out.answer({ tombstones, views: json, ...own, seconds: Number(seconds.toFixed(3)) }, () => {
    if ('removed' in report) {
      for (const [ref, count] of Object.entries(report.removed))
        out.line(`removed    ${printableCount(count)} rows of ${ref} that history does not know`);
      if (receiptsRead !== null)
        out.line(`receipts   ${printableCount(receiptsRead)} read from LARDER_RECEIPTS_URL`);
      if (erasedAgain !== null && erasedAgain.lost > 0)
        out.line(
          `erased     ${printableCount(erasedAgain.erased)} keys that had come back, of ${printableCount(erasedAgain.lost)} erasures that PostgreSQL had lost`,
        );
      if (report.jumped) out.line('jumped     revisions are ahead of every row that was lost');
    }
    for (const line of lines(views)) out.line(line);
    const speed = seconds < 1 ? '' : `, ${printableCount(Math.round(rows / seconds))} rows/s`;
    out.note(`${printableCount(rows)} rows in ${seconds.toFixed(1)} s${speed}.`);
    const erased = views.reduce((sum, view) => sum + view.erased.length, 0);
    if (erased > 0 && erasedAgain === null)
      out.note(
        `${printableCount(erased)} keys have a tombstone in Redis and rows in history: they are being erased, or PostgreSQL was restored to before their erasure. If so, run: larder restore --authoritative`,
      );
  });
}

function lines(views: RestoreReport['views']): string[] {
  return table(
    [
      { title: 'VIEW' },
      { title: 'ROWS', align: 'right' },
      { title: 'MISSING BEFORE', align: 'right' },
      { title: 'NEWER IN REDIS', align: 'right' },
    ],
    views.map(({ ref, rows, created, newer }) => [
      ref,
      printableCount(rows),
      created === null ? '' : printableCount(created),
      newer === null ? '' : printableCount(newer),
    ]),
  );
}
