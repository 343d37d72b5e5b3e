import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';

/** Pinned: a new release of a reader must not turn the tests red on its own. */
const LIBRARIES = {
  readers: ['duckdb==2.0.1', 'polars==2.1.0', 'pandas==3.1.1', 'pyarrow==26.0.1'],
  spark: ['pyspark==4.3.0'],
} as const;
const root = resolve(import.meta.dirname, '../..');

const [what = ''] = process.argv.slice(2);
if (what !== 'readers' && what !== 'spark') {
  console.error('usage: node test/archive/run.ts readers|spark');
  process.exit(2);
}
const missing = what === 'spark' ? javaProblem() : null;
const python = missing === null ? installed(what) : null;
if (python === null) {
  console.error(
    `\nSKIPPED: nothing was tested with ${what}: ${missing ?? 'its Python packages cannot be installed (above)'}.`,
  );
  process.exit(0);
}
const tests = spawnSync(process.execPath, [join(root, 'test/run.ts'), `test/archive/${what}.test.ts`], {
  stdio: 'inherit',
  cwd: root,
  env: {
    ...process.env,
    [what === 'spark' ? 'LARDER_TEST_SPARK_PYTHON' : 'LARDER_TEST_READERS_PYTHON']: python,
    PYSPARK_PYTHON: python,
  },
});
process.exit(tests.status ?? 1);

/** A venv of its own below `.larder`, installed once. @returns its Python; null when it cannot be had */
function installed(name: 'readers' | 'spark'): string | null {
  const folder = join(root, '.larder', `python-${name}`);
  const [bin, program] = delimiter === ';' ? ['Scripts', 'python.exe'] : ['bin', 'python'];
  const own = join(folder, bin, program);
  const marker = join(folder, `installed-${LIBRARIES[name].join('-').replaceAll(/[^\w.-]/g, '_')}`);
  if (existsSync(marker)) return own;
  console.error(`Installing ${LIBRARIES[name].join(', ')} (once) …`);
  rmSync(folder, { recursive: true, force: true });
  const done =
    spawnSync('python3', ['-m', 'venv', folder], { stdio: 'inherit' }).status === 0 &&
    spawnSync(own, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...LIBRARIES[name]], {
      stdio: 'inherit',
    }).status === 0 &&
    spawnSync(own, ['-c', `open(${JSON.stringify(marker)}, 'w')`], { stdio: 'inherit' }).status === 0;
  if (!done) rmSync(folder, { recursive: true, force: true });
  return done ? own : null;
}

/** Spark runs on Java 17 or newer. */
function javaProblem(): string | null {
  const { status, stderr } = spawnSync('java', ['-version'], { encoding: 'utf8' });
  if (status !== 0)
    return 'Java 17 or newer is not installed (Debian: apt-get install openjdk-17-jre-headless)';
  const major = Number(/version "(\d+)/.exec(stderr)?.[1] ?? 0);
  return major >= 17 ? null : `Java ${major} is too old; 17 or newer is needed`;
}
