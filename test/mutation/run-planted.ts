import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PlantedFaults } from './planted-faults.ts';

export interface UnnoticedFault {
  readonly place: string;
  /** `a < b => a <= b` */
  readonly change: string;
}

/** Plants each fault alone in the sandbox and runs the tests; returns those that leave every test green. */
export async function runPlanted(
  sandbox: string,
  { file, tests, faults }: PlantedFaults,
): Promise<UnnoticedFault[]> {
  const path = join(sandbox, file);
  const original = readFileSync(path, 'utf8');
  if (!(await testsPass(sandbox, tests)))
    throw new Error(`The tests of ${file} fail without any fault: run npm test -- ${tests.join(' ')} first.`);
  const unnoticed: UnnoticedFault[] = [];
  for (const { original: from, fault } of faults) {
    const [before, ...rest] = original.split(from);
    if (rest.length !== 1) throw new Error(`${file} must contain this once, to plant a fault in it: ${from}`);
    writeFileSync(path, `${before}${fault}${rest[0]}`);
    if (await testsPass(sandbox, tests))
      unnoticed.push({ place: `${file}:${before?.split('\n').length}`, change: `${from} => ${fault}` });
  }
  writeFileSync(path, original);
  return unnoticed;
}

async function testsPass(sandbox: string, tests: readonly string[]): Promise<boolean> {
  const run = spawn('vitest', ['run', '--bail=1', '--reporter=dot', ...tests], {
    cwd: sandbox,
    stdio: 'ignore',
  });
  const end = () => run.kill();
  process.once('exit', end);
  const [code] = await once(run, 'exit');
  process.off('exit', end);
  return code === 0;
}
