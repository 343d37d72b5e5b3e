import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startEmbeddedPostgres } from './embedded-postgres.ts';
import { commandLine } from './owned-process.ts';
import { openStateFolder } from './state-folder.ts';

function childrenOf(pid: number): number[] {
  return execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .flatMap(([child, parent]) => (parent === pid ? [child as number] : []));
}

for (const asNobody of process.getuid?.() === 0 ? [false, true] : [false]) {
  test(`a PostgreSQL frozen with all its processes is killed whole and starts again${asNobody ? ', as nobody' : ''}`, async () => {
    const project = mkdtempSync(join(tmpdir(), 'larder-frozen-'));
    onTestFinished(() => rmSync(project, { recursive: true, force: true }));
    const folder = openStateFolder(project, 'stack');
    const frozen = await startEmbeddedPostgres(folder, { asNobody });
    const { pid } = frozen.process;
    process.kill(pid, 'SIGSTOP');
    const children = childrenOf(pid);
    expect(children.length).toBeGreaterThan(2);
    for (const child of children) process.kill(child, 'SIGSTOP');
    // a surviving process would hold the data folder's shared memory forever
    onTestFinished(() => {
      for (const child of children)
        if (commandLine(child).startsWith('postgres')) process.kill(child, 'SIGKILL');
    });
    await frozen.process.stop(200);
    const again = await startEmbeddedPostgres(folder, { asNobody });
    await again.createDatabase('usable');
    await again.stop();
  });
}
