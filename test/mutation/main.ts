import { rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { PLANTED } from './planted-faults.ts';
import { runPlanted } from './run-planted.ts';
import { runStryker, type Survivor } from './run-stryker.ts';
import { createSandbox } from './sandbox.ts';
import { TARGETS } from './targets.ts';

const USAGE = `usage: npm run mutate -- NAME … | all

Plants faults in a copy of the working tree, one at a time, and names those that no test notices.
By StrykerJS: ${Object.keys(TARGETS).join(', ')}
By hand, in Lua and SQL: ${Object.keys(PLANTED).join(', ')}`;

const wanted = process.argv.slice(2);
const known = [...Object.keys(TARGETS), ...Object.keys(PLANTED)];
const names = wanted.includes('all') ? known : wanted;
const unknown = names.find((name) => !known.includes(name));
if (names.length === 0 || unknown !== undefined) {
  console.error(unknown === undefined ? USAGE : `There is no '${unknown}'.\n\n${USAGE}`);
  process.exit(2);
}

const root = resolve(import.meta.dirname, '../..');
const sandbox = createSandbox(root);
process.once('exit', () => rmSync(sandbox, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
process.chdir(sandbox);

let bad = 0;
for (const name of names) {
  const target = TARGETS[name];
  const planted = PLANTED[name];
  if (target) {
    const { mutants, survivors, stale } = await runStryker(target);
    const unexplained = survivors.filter(({ explained }) => explained === null);
    report(name, {
      faults: mutants,
      unnoticed: unexplained,
      explained: survivors.length - unexplained.length,
    });
    for (const change of stale) console.log(`  a test now notices this, remove its explanation: ${change}`);
    bad += unexplained.length + stale.length;
  }
  if (planted) {
    const unnoticed = await runPlanted(sandbox, planted);
    report(name, { faults: planted.faults.length, unnoticed, explained: 0 });
    bad += unnoticed.length;
  }
}
process.exit(bad === 0 ? 0 : 1);

interface Outcome {
  readonly faults: number;
  readonly unnoticed: readonly Pick<Survivor, 'place' | 'change'>[];
  readonly explained: number;
}

function report(name: string, { faults, unnoticed, explained }: Outcome): void {
  console.log(`${name}: ${faults} faults, ${unnoticed.length} unnoticed, ${explained} explained`);
  for (const { place, change } of unnoticed) console.log(`  ${place}  ${change}`);
}
