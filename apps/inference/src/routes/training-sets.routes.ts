import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import {
  trainingSetParamsSchema,
  trainingSetRequestSchema,
  trainingSetRowsQuerySchema,
  trainingSetUploadQuerySchema,
  trainingSetsQuerySchema,
  type TrainingSetAccepted,
  type TrainingSetAnswer,
  type TrainingSetsAnswer,
} from '@larder/contracts';
import { currentActor, LarderError, newId } from '@larder/core';
import type { Manifest } from '@larder/features';
import type { OfflineStore } from '@larder/offline-store';
import {
  failAbandoned,
  listTrainingSets,
  readTrainingSet,
  trainingSetJson,
  type SpineSource,
  type TrainingSet,
  type TrainingSetManifest,
} from '@larder/training';
import { Router, type Request, type RequestHandler } from 'express';
import type { Config } from '../config.ts';
import { allow } from '../http/allow.ts';
import { emptyBody, jsonBody } from '../http/json-body.ts';
import { noQuery } from '../http/no-query.ts';
import { validate } from '../http/validate.ts';
import { askedAgain, askedTrainingSet, spineOf } from '../training-sets/asked-training-set.ts';
import type { AskedTrainingSet } from '../training-sets/build-job.ts';
import type { Builds } from '../training-sets/create-builds.ts';
import { receiveSpine, spineFormat } from '../training-sets/receive-spine.ts';
import { elsewhere, type RowsStream } from '../training-sets/stream-rows.ts';
import { foldersOf } from '../training-sets/sweep-folder.ts';

export interface TrainingSetsDeps {
  readonly offlineStore: OfflineStore;
  readonly config: Config;
  readonly project: string;
  readonly processId: string;
  readonly builds: Builds;
  readonly rows: RowsStream;
  /** The applied manifest. @throws DEFINITION_NOT_LOADED before the first apply */
  manifest(): Manifest;
}

/** Training sets: building, what is on record, and their rows. */
export function trainingSetsRoutes(deps: TrainingSetsDeps): Router {
  const { offlineStore, project, builds, rows } = deps;
  const routes = Router({ caseSensitive: true });
  const answer = (set: TrainingSet): TrainingSetAnswer => {
    // Where its files are on that host is nobody else's business.
    const { folder: _, ...shown } = trainingSetJson(set);
    const now = builds.stateOf(set.trainingSetId) ?? { progress: null };
    return { ...(shown as Omit<TrainingSetAnswer, 'progress'>), ...now };
  };
  const read = async (request: Request<{ id: string }>): Promise<TrainingSet> => {
    const { id } = validate(trainingSetParamsSchema, request.params);
    await failAbandoned(offlineStore, project);
    return readTrainingSet(offlineStore, project, id);
  };

  routes
    .route('/v1/training-sets')
    .post(unlessRows(noQuery), unlessRows(jsonBody), async (request, response) => {
      const accepted = await accept(deps, request);
      response.status(202).location(`/v1/training-sets/${accepted.training_set_id}`).json(accepted);
    })
    .get(async (request, response) => {
      const query = validate(trainingSetsQuerySchema, request.query);
      await failAbandoned(offlineStore, project);
      const { trainingSets, cursor } = await listTrainingSets(offlineStore, project, query);
      response.json({ training_sets: trainingSets.map(answer), cursor } satisfies TrainingSetsAnswer);
    })
    .all(allow('GET', 'POST'));

  routes
    .route('/v1/training-sets/:id')
    .get(noQuery, async (request: Request<{ id: string }>, response) => {
      response.json(answer(await read(request)));
    })
    .delete(noQuery, emptyBody, async (request: Request<{ id: string }>, response) => {
      const set = await read(request);
      if (!(await builds.cancel(set.trainingSetId))) await removeFiles(set, deps);
      response.json(answer(await readTrainingSet(offlineStore, project, set.trainingSetId)));
    })
    .all(allow('GET', 'DELETE'));

  routes
    .route('/v1/training-sets/:id/rows')
    .get(async (request: Request<{ id: string }>, response) => {
      const { format, part } = validate(trainingSetRowsQuerySchema, request.query);
      await rows.send(await read(request), { format, part }, response);
    })
    .all(allow('GET'));
  return routes;
}

/** Rows are written to disk as they arrive; every other body is JSON. */
const unlessRows =
  (handler: RequestHandler): RequestHandler =>
  (request, response, next) =>
    spineFormat(request) === null ? handler(request, response, next) : next();

/** Takes a place in the queue before it takes the rows. */
async function accept(deps: TrainingSetsDeps, request: Request): Promise<TrainingSetAccepted> {
  const { config, project, processId } = deps;
  const { trainingSets: settings } = config;
  const manifest = deps.manifest();
  const folders = foldersOf(settings.folder);
  const trainingSetId = newId();
  const format = spineFormat(request);
  const place = deps.builds.reserve();
  try {
    const { asked, again } = await askedOverHttp();
    if (asked.spine.kind === 'file')
      await receiveSpine(request, { path: asked.spine.path, limitBytes: settings.uploadBytes });
    await place.start({
      trainingSetId,
      processId,
      project,
      projectPath: config.projectPath,
      databaseUrl: config.databaseUrl,
      artifacts: config.artifacts,
      connections: settings.connections,
      asked,
      again,
      folder: folders.setOf(trainingSetId),
      temporaryFolder: folders.temporary,
      memoryMb: settings.memoryMb,
      diskMb: settings.diskMb,
      maxSpineRows: settings.rows,
      actor: currentActor().actor,
    });
    return { training_set_id: trainingSetId, status: 'queued' };
  } catch (error) {
    if (format !== null) request.resume();
    throw error;
  } finally {
    place.release();
  }

  async function askedOverHttp(): Promise<{
    readonly asked: AskedTrainingSet;
    readonly again: TrainingSetManifest | null;
  }> {
    const { again: id, ...typed } =
      format === null
        ? validate(trainingSetRequestSchema, request.body)
        : validate(trainingSetUploadQuerySchema, request.query);
    const upload: SpineSource | null =
      format === null ? null : { kind: 'file', path: folders.uploadOf(trainingSetId, format), format };
    if (id !== undefined) {
      const again = await onRecord(deps, id);
      return { asked: askedAgain(typed, { manifest: again, upload, sqlIsOn: settings.sql }), again };
    }
    const { features, as_served: asServed, ...rest } = typed;
    const asked = askedTrainingSet(
      {
        ...rest,
        features:
          typeof features === 'string' ? features.split(',').map((reference) => reference.trim()) : features,
        as_served: asServed === true || asServed === 'true',
        spine: upload ?? spineOf('spine' in typed ? typed.spine : undefined, settings.sql),
      },
      manifest,
    );
    return { asked, again: null };
  }
}

/** @throws TRAINING_SET_NOT_FOUND, TRAINING_SET_NOT_COMPLETE */
async function onRecord(
  { offlineStore, project }: TrainingSetsDeps,
  id: string,
): Promise<TrainingSetManifest> {
  const { manifest, status } = await readTrainingSet(offlineStore, project, id);
  if (manifest !== null) return manifest;
  throw new LarderError(
    'TRAINING_SET_NOT_COMPLETE',
    `The training set ${id} is ${status}: it cannot be built again.`,
  );
}

/** Only what was built over HTTP; the files of a command are its user's. @throws TRAINING_SET_ELSEWHERE */
async function removeFiles(set: TrainingSet, { config }: TrainingSetsDeps): Promise<void> {
  const isOurs = dirname(resolve(set.folder)) === resolve(config.trainingSets.folder);
  if (isOurs && existsSync(join(set.folder, 'manifest.json'))) {
    await rm(set.folder, { recursive: true, force: true });
    return;
  }
  if (set.host !== hostname()) throw elsewhere(set);
}
