import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const CLIENT = 'clients/python';
const PROGRAMS = ['python3', 'python3.13', 'python3.12', 'python3.11', 'python3.10', 'python3.14', 'python'];

/** Null: there is no Python 3.10 or newer with venv here; `LARDER_PYTHON`-free machines need none. */
export function findPython(): string | null {
  const check = 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))';
  return PROGRAMS.find((program) => spawnSync(program, ['-c', check]).status === 0) ?? null;
}

/** A venv of its own in `.larder/python` with the libraries and the wheel, which is built anew. @returns its Python */
export function preparePython(root: string, program: string): string {
  const folder = join(root, '.larder/python');
  const python = join(folder, 'bin/python');
  const requirements = join(root, 'test/python/requirements.txt');
  const mark = join(folder, 'requirements.sha256');
  const wanted = createHash('sha256').update(readFileSync(requirements)).digest('hex');
  if (!existsSync(mark) || readFileSync(mark, 'utf8') !== wanted) {
    rmSync(folder, { recursive: true, force: true });
    run(program, ['-m', 'venv', folder]);
    run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', requirements]);
    writeFileSync(mark, wanted);
  }
  const wheels = join(folder, 'wheels');
  rmSync(wheels, { recursive: true, force: true });
  mkdirSync(wheels);
  run(python, [
    '-m',
    'pip',
    'wheel',
    '--quiet',
    '--no-deps',
    '--no-build-isolation',
    '-w',
    wheels,
    join(root, CLIENT),
  ]);
  const [wheel = ''] = globSync('*.whl', { cwd: wheels });
  run(python, ['-m', 'pip', 'install', '--quiet', '--no-deps', '--force-reinstall', join(wheels, wheel)]);
  return python;
}

function run(program: string, args: readonly string[]): void {
  const { status } = spawnSync(program, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}.`);
}
