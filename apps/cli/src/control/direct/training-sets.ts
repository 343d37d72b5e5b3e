import { systemClock } from '@larder/core';
import { loadedFunctions } from '@larder/features';
import { openAppliedDefinitions, openModelDefinitions, type OpenedDefinitions } from '@larder/registry';
import {
  buildAgain,
  buildTrainingSet,
  featuresOf as requestedAgain,
  listTrainingSets,
  readTrainingSet,
  trainingSetJson,
  unknownViews,
  type RequestedFeatures,
  type TrainingSetManifest,
} from '@larder/training';
import { actor } from '../../actor.ts';
import type { Session } from '../../session.ts';
import { modelOf, splitOf } from '../../training-set/build-input.ts';
import type { BuiltSet, ListedSet, TrainingSetsControl } from '../control.ts';

/** Builds training sets in this process, from history in PostgreSQL or its archive. */
export function directTrainingSets(session: Session): TrainingSetsControl {
  return {
    async build({ features: asked, spine, time, asServed, engine, split, format }, { folder, ...options }) {
      const { features, definitions } = await resolved(
        session,
        'model' in asked ? modelOf(asked.model) : { kind: 'list', references: asked.references },
      );
      const request = {
        features,
        spine,
        timeColumn: time,
        cutOff: asServed ? ('online' as const) : ('created' as const),
        engine,
        split: splitOf(split),
        format,
        folder,
      };
      return built(definitions, await buildTrainingSet(await depsOf(definitions), request, options));
    },
    async buildAgain(again, { folder, ...options }) {
      const { definitions } = await resolved(session, requestedAgain(again.manifest));
      return built(definitions, await buildAgain(await depsOf(definitions), { ...again, folder }, options));
    },
    async list(query) {
      const { trainingSets, cursor } = await listTrainingSets(
        await session.offlineStore(),
        await session.projectName(),
        query,
      );
      return { sets: trainingSets.map(jsonOf), complete: cursor === null };
    },
    async show(id) {
      const set = await readTrainingSet(await session.offlineStore(), await session.projectName(), id);
      return { ...jsonOf(set), statistics: set.statistics } as ListedSet;
    },
  };

  async function depsOf(definitions: OpenedDefinitions) {
    return {
      store: await session.offlineStore(),
      definitions,
      connections: session.config.connections,
      archiveFolder: session.config.archiveDir,
      actor: actor(),
      clock: systemClock,
    };
  }

  async function built(
    { manifest: definitions }: OpenedDefinitions,
    manifest: TrainingSetManifest,
  ): Promise<BuiltSet> {
    return { manifest, unknown: await unknownViews(await session.offlineStore(), definitions, manifest) };
  }
}

function jsonOf(set: Parameters<typeof trainingSetJson>[0]): ListedSet {
  return trainingSetJson(set) as unknown as ListedSet;
}

type Asked = { readonly model: string; readonly version: string | undefined } | RequestedFeatures;

async function resolved(
  session: Session,
  asked: Asked,
): Promise<{ readonly features: RequestedFeatures; readonly definitions: OpenedDefinitions }> {
  const project = await session.projectName();
  const deps = { store: await session.offlineStore(), artifacts: await session.artifacts() };
  if ('kind' in asked && asked.kind === 'list')
    return {
      features: asked,
      definitions: await openAppliedDefinitions(deps, { project, loaded: await loaded(session) }),
    };
  const { model } = asked;
  const version = asked.version === undefined ? undefined : String(asked.version);
  const definitions = await openModelDefinitions(deps, { project, model, version });
  return { features: { kind: 'model', model, version: definitions.version }, definitions };
}

/** For on-demand views that no model reads; undefined where the project is not here. */
async function loaded(session: Session): Promise<OpenedDefinitions | undefined> {
  try {
    const project = await session.project();
    return { manifest: project.manifest, functionOf: loadedFunctions(project) };
  } catch {
    return undefined;
  }
}
