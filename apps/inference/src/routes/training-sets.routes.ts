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
import { newId } from '@larder/core';
import type { Manifest } from '@larder/features';
import type { OfflineStore } from '@larder/offline-store';
import {
  failAbandoned,
  listTrainingSets,
  readTrainingSet,
  trainingSetJson,
  type TrainingSet,
} from '@larder/training';
import { Router, type Request, type RequestHandler } from 'express';
import type { Config } from '../config.ts';
import { allow } from '../http/allow.ts';
import { emptyBody, jsonBody } from '../http/json-body.ts';
import { noQuery } from '../http/no-query.ts';
import { validate } from '../http/validate.ts';
import { askedTrainingSet, spineOf, type AskedOverHttp } from '../training-sets/asked-training-set.ts';
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
    const asked = askedTrainingSet(askedOverHttp(), manifest);
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
      folder: folders.setOf(trainingSetId),
      temporaryFolder: folders.temporary,
      memoryMb: settings.memoryMb,
      diskMb: settings.diskMb,
      maxSpineRows: settings.rows,
      actor: 'http',
    });
    return { training_set_id: trainingSetId, status: 'queued' };
  } catch (error) {
    if (format !== null) request.resume();
    throw error;
  } finally {
    place.release();
  }

  function askedOverHttp(): AskedOverHttp {
    if (format === null) {
      const { spine, ...rest } = validate(trainingSetRequestSchema, request.body);
      return { ...rest, spine: spineOf(spine, settings.sql) };
    }
    const { as_served: asServed, features, ...rest } = validate(trainingSetUploadQuerySchema, request.query);
    return {
      ...rest,
      features: features?.split(',').map((reference) => reference.trim()),
      as_served: asServed === 'true',
      spine: { kind: 'file', path: folders.uploadOf(trainingSetId, format), format },
    };
  }
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
