import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/**
 * A copy of the working tree, uncommitted files included, to plant faults in: the tree itself is never written to,
 * even when a run is killed. Libraries are links to the real ones, packages of this repository links to their copies,
 * so that a test of one package meets the fault in another.
 */
export function createSandbox(root: string): string {
  const sandbox = mkdtempSync(join(realpathSync(tmpdir()), 'larder-mutate-'));
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  for (const file of listed.split('\0'))
    if (file !== '' && existsSync(join(root, file))) cpSync(join(root, file), join(sandbox, file));
  linkModules(join(root, 'node_modules'), join(sandbox, 'node_modules'));
  for (const workspaces of ['packages', 'apps', 'examples'])
    for (const name of readdirSync(join(root, workspaces))) {
      const modules = join(workspaces, name, 'node_modules');
      if (existsSync(join(root, modules))) linkModules(join(root, modules), join(sandbox, modules));
    }
  return sandbox;
}

function linkModules(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from)) {
    const path = join(from, name);
    if (name === '@larder') linkModules(path, join(to, name));
    else symlinkSync(isWorkspace(path) ? readlinkSync(path) : path, join(to, name));
  }
}

/** npm links workspaces relative to `node_modules`: the same text leads to the copy. */
function isWorkspace(path: string): boolean {
  return lstatSync(path).isSymbolicLink() && !realpathSync(path).startsWith(realpathSync(dirname(path)));
}
