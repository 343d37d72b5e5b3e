import { LarderError, shellWord } from '@larder/core';
import { handDown, refuseOpenDoor } from '@larder/core/config';
import { becomeApp, freePort, type AppName } from '@larder/infra/become-app';
import { connectionVariable } from '@larder/sources';
import type { Config } from '../config.ts';
import { envFileText } from '../env-file.ts';
import type { Output } from '../output/output.ts';

interface StartedAlone {
  readonly name: AppName;
  readonly verb: string;
  readonly portVariable: 'LARDER_PORT' | 'LARDER_WORKER_METRICS_PORT';
  /** As chosen by flag or setting; null: the app's own default. */
  readonly port: number | null;
  /** Nobody needs an API key, on whatever address. */
  readonly insecure: boolean;
  readonly out: Output;
}

const DEFAULT_HOST = '127.0.0.1';

/**
 * Becomes one app in the foreground, on the configured stores or those of the stack that runs here.
 * @throws CONFIGURATION_INVALID without stores, and when the chosen port is taken
 */
export async function startApp(config: Config, app: StartedAlone): Promise<never> {
  const { databaseUrl, redisUrl, queueRedisUrl, projectPath, envFile } = config;
  if (databaseUrl === null || redisUrl === null) throw noStores(config, app.verb);
  const host = config.host ?? DEFAULT_HOST;
  const auth = app.insecure ? 'insecure' : config.auth;
  refuseOpenDoor(auth, host);
  await refuseTakenPort(app, host);
  if (envFile !== null) app.out.note(envFileText(envFile));
  app.out.note(`Starting the ${app.name} process of ${shellWord(projectPath)}.`);
  const connections = Object.entries(config.connections).map(([name, url]) => [
    connectionVariable(name),
    url,
  ]);
  const settings = {
    ...Object.fromEntries(connections),
    LARDER_PROJECT: projectPath,
    LARDER_DATABASE_URL: databaseUrl,
    LARDER_REDIS_URL: redisUrl,
    ...(queueRedisUrl !== null && queueRedisUrl !== redisUrl && { LARDER_QUEUE_REDIS_URL: queueRedisUrl }),
    LARDER_HOST: host,
    LARDER_AUTH: auth,
    ...(app.port !== null && { [app.portVariable]: String(app.port) }),
  };
  return becomeApp(app.name, handDown(process.env, settings));
}

/** Before this process is given up, and with the next free one as an example. */
async function refuseTakenPort({ port, portVariable, verb }: StartedAlone, host: string): Promise<void> {
  if (port === null || port === 0) return;
  const free = await freePort(host, port);
  if (free === port) return;
  throw new LarderError(
    'CONFIGURATION_INVALID',
    `Port ${port} of ${host} is in use. End what listens there, or choose another port: larder ${verb} --port ${free}`,
    { errors: [{ pointer: `/${portVariable}`, detail: 'is in use' }] },
  );
}

function noStores({ databaseUrl, redisUrl }: Config, verb: string): LarderError {
  const missing = [
    ...(databaseUrl === null ? ['LARDER_DATABASE_URL'] : []),
    ...(redisUrl === null ? ['LARDER_REDIS_URL'] : []),
  ];
  return new LarderError(
    'CONFIGURATION_INVALID',
    `larder ${verb} starts no store of its own, no stack of this project runs here, and ${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} not set. ` +
      'Set them, for example in a .env beside larder.config.ts: LARDER_DATABASE_URL=postgresql://user:password@host:5432/database and LARDER_REDIS_URL=redis://host:6379. For stores on this machine: larder up',
    { errors: missing.map((name) => ({ pointer: `/${name}`, detail: 'is missing' })) },
  );
}
