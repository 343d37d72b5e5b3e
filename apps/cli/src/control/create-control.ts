import type { Session } from '../session.ts';
import type { Control } from './control.ts';

/** Asks the service where one is configured, and the stores otherwise. */
export async function createControl(session: Session): Promise<Control> {
  const { service } = session.config;
  if (service === null)
    return {
      client: null,
      project: session.projectName,
      manifest: session.manifest,
      runs: once(async () => (await import('./direct/runs.ts')).directRuns(session)),
      entities: once(async () => (await import('./direct/entities.ts')).directEntities(session)),
      fleet: once(async () => (await import('./direct/fleet.ts')).directFleet(session)),
      models: once(async () => (await import('./direct/models.ts')).directModels(session)),
      predictions: once(async () => (await import('./direct/predictions.ts')).directPredictions(session)),
      rows: once(async () => (await import('./direct/rows.ts')).directRows(session)),
      apiKeys: once(async () => (await import('./direct/api-keys.ts')).directApiKeys(session)),
      trainingSets: once(async () => (await import('./direct/training-sets.ts')).directTrainingSets(session)),
      comparisons: once(async () => (await import('./direct/comparisons.ts')).directComparisons(session)),
    };
  const [{ createServiceClient }, { remoteDefinitions }] = await Promise.all([
    import('./remote/service-client.ts'),
    import('./remote/definitions.ts'),
  ]);
  const client = createServiceClient(service);
  const definitions = remoteDefinitions(client, session.config.projectName);
  return {
    client,
    ...definitions,
    runs: once(async () => (await import('./remote/runs.ts')).remoteRuns(client)),
    entities: once(async () => (await import('./remote/entities.ts')).remoteEntities(client)),
    fleet: once(async () => (await import('./remote/fleet.ts')).remoteFleet(client)),
    models: once(async () => (await import('./remote/models.ts')).remoteModels(client)),
    predictions: once(async () =>
      (await import('./remote/predictions.ts')).remotePredictions(client, definitions),
    ),
    rows: once(async () => (await import('./remote/rows.ts')).remoteRows(client)),
    apiKeys: once(async () => (await import('./remote/api-keys.ts')).remoteApiKeys(client)),
    trainingSets: once(async () => (await import('./remote/training-sets.ts')).remoteTrainingSets(client)),
    comparisons: once(async () => (await import('./remote/comparisons.ts')).remoteComparisons(client)),
  };
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null;
  return () => (made ??= make());
}
