import { readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { Stryker } from '@stryker-mutator/core';
import type { Target } from './targets.ts';

type MutantResult = Awaited<ReturnType<Stryker['runMutationTest']>>[number];

const VITEST_CONFIG = 'vitest.mutants.config.ts';

const OPTIONS = {
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner', join(import.meta.dirname, 'ignore-prose.ts')],
  ignorers: ['prose'],
  vitest: { configFile: VITEST_CONFIG, pool: 'forks', related: false },
  // the process is already in the sandbox
  inPlace: true,
  coverageAnalysis: 'perTest',
  concurrency: 1,
  // a busy machine is not an endless loop
  timeoutMS: 20_000,
  reporters: ['progress-append-only'],
  logLevel: 'warn',
  disableTypeChecks: false,
  allowConsoleColors: false,
  cleanTempDir: 'always',
};

export interface Survivor {
  /** `path:line` */
  readonly place: string;
  /** Source text and its replacement in the mutant: `a < b => a <= b`. */
  readonly change: string;
  /** Why no test can notice it, if the target explains that. */
  readonly explained: string | null;
}

export interface StrykerOutcome {
  readonly mutants: number;
  readonly noticed: number;
  readonly survivors: readonly Survivor[];
  /** Explanations that no survivor needs any more. */
  readonly stale: readonly string[];
}

/** Runs every mutant of one file that StrykerJS makes against the target's tests. The process must be in the sandbox. */
export async function runStryker(target: Target): Promise<StrykerOutcome> {
  // Not Stryker's `testFiles`: with it a mutant of a module's constants is never active (stryker-js #6144).
  writeFileSync(
    VITEST_CONFIG,
    `import base from './vitest.config.ts';\nexport default { test: { ...base.test, include: ${JSON.stringify(target.tests)} } };\n`,
  );
  writeFileSync('stryker.config.json', JSON.stringify({ ...OPTIONS, mutate: [target.file] }));
  const results = await new Stryker({}).runMutationTest();
  const tested = results.filter(({ status }) => status !== 'Ignored');
  const explained = new Map(Object.entries(target.explained ?? {}));
  const survivors = tested
    .filter(({ status }) => status === 'Survived' || status === 'NoCoverage')
    .map((mutant) => survivorOf(mutant, explained));
  const needed = new Set(survivors.map(({ change }) => change));
  return {
    mutants: tested.length,
    noticed: tested.length - survivors.length,
    survivors,
    stale: [...explained.keys()].filter((change) => !needed.has(change)),
  };
}

function survivorOf(mutant: MutantResult, explained: ReadonlyMap<string, string>): Survivor {
  const { fileName, location, replacement } = mutant;
  const change = `${oneLine(sourceAt(fileName, location))} => ${oneLine(replacement ?? '')}`;
  return {
    place: `${relative(process.cwd(), fileName)}:${location.start.line}`,
    change,
    explained: explained.get(change) ?? null,
  };
}

/** Lines count from 1, columns from 1. */
function sourceAt(file: string, { start, end }: MutantResult['location']): string {
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .slice(start.line - 1, end.line);
  lines[lines.length - 1] = lines.at(-1)?.slice(0, end.column - 1) ?? '';
  lines[0] = lines[0]?.slice(start.column - 1) ?? '';
  return lines.join('\n');
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
