import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');
const bin = join(root, 'node_modules', '.bin');
const stamp = join(root, 'node_modules', '.install-stamp');
const lock = join(root, '.larder', 'install.lock');

/** PATH with the project's Node 24 and tools first. */
export function projectNodePath() {
  return [bin, process.env.PATH].join(delimiter);
}

/**
 * Installs when the lock file or the platform differs from the last install (compared by hash; file times mean nothing
 * after a git checkout). Two commands started at the same time install once.
 */
export async function ensureDependencies() {
  const wanted = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .update(`${process.platform} ${process.arch}`)
    .digest('hex');
  if (installed(wanted)) return;
  await withLock(async () => {
    if (installed(wanted)) return;
    console.log('Installing dependencies (once, takes about a minute) …');
    rmSync(stamp, { force: true });
    await install();
    writeFileSync(stamp, wanted);
  });
}

function installed(wanted) {
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted && existsSync(join(bin, 'node'));
}

/**
 * `npm install`, not `npm ci`: a lock file lacks the optional packages of other platforms when a registry does not
 * carry them, and `npm ci` refuses such a lock; versions and hashes of everything listed still come from the lock.
 */
async function install() {
  const env = { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'skip' };
  for (const name of Object.keys(env))
    if (/^npm_/i.test(name) && !KEPT_NPM_SETTINGS.test(name)) delete env[name];
  // npm must not run on the Node that it is about to replace.
  env.PATH = (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => folder !== bin && !folder.endsWith('node_modules/.bin'))
    .join(delimiter);
  const args = ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'];
  const code = await new Promise((done) => {
    spawn('npm', args, { cwd: root, env, stdio: ['ignore', 'inherit', 'inherit'] })
      .once('error', () => done(127))
      .once('exit', done);
  });
  if (code !== 0) {
    console.error(
      `Installing failed (npm ended with ${code}). Check the network and free disk space, then run the same command again.`,
    );
    process.exit(1);
  }
}

const KEPT_NPM_SETTINGS = /^npm_config_(registry|cache|userconfig|https?_proxy|noproxy|cafile|strict_ssl)$/i;

/** A folder is created atomically by exactly one process; the lock of a process that died is taken over. */
async function withLock(work) {
  mkdirSync(join(root, '.larder'), { recursive: true });
  const started = Date.now();
  for (;;) {
    try {
      mkdirSync(lock);
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      if (holderIsGone()) rmSync(lock, { recursive: true, force: true });
      else if (Date.now() - started > 600_000)
        throw new Error(`Another install has held ${lock} for ten minutes; remove it and try again.`, {
          cause: error,
        });
      else await new Promise((done) => setTimeout(done, 250));
    }
  }
  writeFileSync(join(lock, 'pid'), String(process.pid));
  try {
    await work();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

function holderIsGone() {
  try {
    process.kill(Number(readFileSync(join(lock, 'pid'), 'utf8')), 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}
