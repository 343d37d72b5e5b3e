import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { existsSync } from 'node:fs';
import { shellWord } from '@larder/core';
import type { Config } from '../config.ts';
import { envFileText } from '../env-file.ts';
import { fail, finding, ok, warn, type Finding } from './check.ts';

const MIN_NODE = 24;
const GIB = 2 ** 30;
const WARN_FREE_BYTES = 2 * GIB;
const FAIL_FREE_BYTES = GIB / 4;

export function checkNode(version = process.versions.node): Finding {
  const major = Number(version.split('.')[0]);
  if (major >= MIN_NODE) return ok('node', version);
  return fail(
    'node',
    `${version} is too old`,
    `Use Node ${MIN_NODE} or newer; npm run larder brings its own.`,
  );
}

/** The embedded stores are in `.larder` beside the project. */
export function checkDisk({ projectPath }: Config): Promise<Finding> {
  const folder = existsSync(dirname(projectPath)) ? dirname(projectPath) : process.cwd();
  return finding('disk', `Check whether ${shellWord(folder)} can be read.`, async () => {
    const { bavail, bsize } = await statfs(folder);
    const free = bavail * bsize;
    const detail = `${(free / GIB).toFixed(1)} GiB free at ${shellWord(folder)}`;
    if (free > WARN_FREE_BYTES) return ok('disk', detail);
    const mend = 'Free some space, or point LARDER_DATABASE_URL and LARDER_REDIS_URL elsewhere.';
    return free > FAIL_FREE_BYTES ? warn('disk', detail, mend) : fail('disk', detail, mend);
  });
}

/** Says which settings come from the `.env` beside the project; silent without one. */
export function checkEnvFile({ envFile }: Config): Finding[] {
  return envFile === null ? [] : [ok('env file', envFileText(envFile))];
}
