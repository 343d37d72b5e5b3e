import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { findProgram } from '@larder/infra';
import { unpackImageTools } from './image-tools.ts';

/**
 * `npm run test:images`: builds the image with buildah and runs it with runc, both from the distribution's packages and
 * without a daemon. Where that cannot be, it says why and succeeds.
 */
const root = resolve(import.meta.dirname, '../..');
const tools = join(root, '.larder/tools');
const missing = machineProblem() ?? unpackImageTools(tools);
if (missing !== null) {
  console.error(`\nSKIPPED: npm run test:images built and ran no image: ${missing}.`);
  process.exit(0);
}
const tests = spawnSync(process.execPath, [join(root, 'test/run.ts'), 'test/images/image.test.ts'], {
  stdio: 'inherit',
  cwd: root,
  env: { ...process.env, LARDER_TEST_IMAGE_TOOLS: tools },
});
// a run that was killed leaves its images there
rmSync(join(root, '.larder/images'), { recursive: true, force: true });
process.exit(tests.status ?? 1);

function machineProblem(): string | null {
  if (process.platform !== 'linux') return `it needs Linux, and this is ${process.platform}`;
  if (process.getuid?.() !== 0) return 'it needs root, for namespaces and for files of other users';
  for (const program of ['apt-get', 'dpkg-deb', 'unshare'])
    if (findProgram(program) === null) return `it needs ${program}, for packages of Debian or Ubuntu`;
  const namespaces = spawnSync('unshare', ['--mount', '--pid', '--ipc', '--uts', '--fork', 'true']);
  return namespaces.status === 0 ? null : 'namespaces cannot be made here (unshare fails)';
}
