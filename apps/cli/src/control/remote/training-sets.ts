import { constants, openAsBlob } from 'node:fs';
import { access } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { TrainingSetAccepted, TrainingSetAnswer, TrainingSetsAnswer } from '@larder/contracts';
import { ERRORS, LarderError, type ErrorCode } from '@larder/core';
import type { SpineFormat, SpineSource, TrainingSetManifest, UnknownView } from '@larder/training';
import { openOutputFolder } from '@larder/training/output';
import type { BuildingSet, BuiltSet, TrainingSetAsked, TrainingSetsControl } from '../control.ts';
import { downloadSet } from './download-set.ts';
import { pages } from './pages.ts';
import type { Query, ServiceClient } from './service-client.ts';

const ROUTE = '/v1/training-sets';
const ACCEPTED = ['training_set_id'];
const MAX_PAGE = 100;
const POLL_MS = 500;
/** The service takes the rows within 30 s, and answers once it has them. */
const UPLOAD_TIMEOUT_MS = 60_000;
const MEDIA_TYPES: Readonly<Record<SpineFormat, string>> = {
  parquet: 'application/vnd.apache.parquet',
  csv: 'text/csv',
  arrow: 'application/vnd.apache.arrow.stream',
};

/** The service builds; the finished set is copied into a folder here. */
export function remoteTrainingSets(client: ServiceClient): TrainingSetsControl {
  const get = (id: string): Promise<TrainingSetAnswer> =>
    client.get<TrainingSetAnswer>(`${ROUTE}/${encodeURIComponent(id)}`, {
      members: ['training_set_id', 'status', 'manifest'],
    });
  return {
    build: (asked, building) => built(building, asked.spine, () => start(client, asked)),
    buildAgain({ manifest, spine, engine }, building) {
      const { source } = manifest.spine;
      const rows = spine ?? (source.kind === 'file' ? source : undefined);
      const again = { again: manifest.training_set_id, engine };
      return built(building, rows, () =>
        rows?.kind === 'file' ? sendRows(client, rows, again) : post(client, again),
      );
    },
    async list({ limit, model }) {
      const { items, cursor } = await pages(limit, MAX_PAGE, async (page) => {
        const answer = await client.get<TrainingSetsAnswer>(ROUTE, {
          query: { model, ...page },
          members: ['training_sets', 'cursor'],
        });
        return { items: answer.training_sets, cursor: answer.cursor };
      });
      return { sets: items.map(withoutProgress), complete: cursor === null };
    },
    show: async (id) => withoutProgress(await get(id)),
  };

  async function built(
    building: BuildingSet,
    spine: SpineSource | undefined,
    begin: () => Promise<string>,
  ): Promise<BuiltSet> {
    const output = await openOutputFolder(building.folder);
    try {
      const set = await ended(await begin(), building);
      const manifest = await downloadSet(client, set, {
        folder: output.building,
        signal: building.signal,
        // The copy that the service received is gone.
        ...(spine?.kind === 'file' && { spinePath: spine.path }),
      });
      await output.publish();
      return { manifest, unknown: unknownIn(manifest) };
    } finally {
      await output.discard();
    }
  }

  /** Cancels the build when the signal comes. @throws why it failed */
  async function ended(id: string, { signal, onProgress }: BuildingSet): Promise<TrainingSetAnswer> {
    for (;;) {
      const set = await get(id);
      if (set.status === 'complete') return set;
      if (set.status === 'failed') throw failed(set);
      if (set.progress !== null) onProgress(set.progress);
      await delay(POLL_MS, undefined, { signal }).catch(() => {});
      if (!signal.aborted) continue;
      await client.send('DELETE', `${ROUTE}/${encodeURIComponent(id)}`).catch(() => {});
      throw new LarderError(
        'TRAINING_SET_STOPPED',
        `The build of ${id} was cancelled; nothing of the set is left.`,
      );
    }
  }
}

function start(client: ServiceClient, asked: TrainingSetAsked): Promise<string> {
  const { features, spine, time, asServed, engine, split, format } = asked;
  const options = { time, engine, split, format };
  if (spine.kind === 'file')
    return sendRows(client, spine, {
      ...('model' in features ? features : { features: features.references.join(',') }),
      ...options,
      as_served: asServed,
    });
  return post(client, {
    ...('model' in features ? features : { features: features.references }),
    ...options,
    as_served: asServed,
    spine:
      spine.kind === 'sql'
        ? { sql: { connection: spine.connection, query: spine.query } }
        : {
            predictions: {
              model: spine.model,
              version: spine.version ?? undefined,
              label: spine.label ?? undefined,
              from: spine.from ?? undefined,
              to: spine.to ?? undefined,
            },
          },
  });
}

/** @returns the id of the set that is being built */
async function post(client: ServiceClient, body: object): Promise<string> {
  const answer = await client.send<TrainingSetAccepted>('POST', ROUTE, { body, members: ACCEPTED });
  return answer.body.training_set_id;
}

/** @throws SPINE_INVALID, as where this process builds */
async function opened(path: string): Promise<Blob> {
  try {
    // openAsBlob alone has another code for a missing file in each release of Node
    await access(path, constants.R_OK);
    return await openAsBlob(path);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new LarderError('SPINE_INVALID', `${path} cannot be read: ${code ?? message}.`, { cause });
  }
}

async function sendRows(
  client: ServiceClient,
  { path, format }: Extract<SpineSource, { readonly kind: 'file' }>,
  query: Query,
): Promise<string> {
  const file = await opened(path);
  const { body } = await client.send<TrainingSetAccepted>('POST', ROUTE, {
    query,
    file,
    headers: { 'content-type': MEDIA_TYPES[format] },
    timeoutMs: UPLOAD_TIMEOUT_MS,
    members: ACCEPTED,
  });
  return body.training_set_id;
}

function failed({ training_set_id: id, error }: TrainingSetAnswer): LarderError {
  if (error === null) return new LarderError('SERVICE_ANSWER_INVALID', `${id} failed without a reason.`);
  if (Object.hasOwn(ERRORS, error.code)) return new LarderError(error.code as ErrorCode, error.reason);
  return new LarderError('SERVICE_ANSWER_INVALID', `${error.code}: ${error.reason}`);
}

/** Where their history begins, only the database knows. */
function unknownIn({ features, spine }: TrainingSetManifest): UnknownView[] {
  const refs = features.flatMap(({ view, version, not_found: notFound }) =>
    version !== null && notFound === spine.rows ? [`${view}@${version}`] : [],
  );
  return [...new Set(refs)].map((ref) => ({ ref, begins: undefined }));
}

function withoutProgress(answer: TrainingSetAnswer): Omit<TrainingSetAnswer, 'progress'> {
  const { progress: _, ...set } = answer;
  return set;
}
