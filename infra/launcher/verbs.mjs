import { resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');
const script = (path, args) => ['node', resolve(root, path), ...args];

/** Each verb's commands, run in order on the project's Node until one fails. */
const COMMANDS = {
  demo: (args) => [script('examples/ads/demo/main.ts', args)],
  test: (args) => [script('test/run.ts', args)],
  'test:images': () => [script('test/images/run.ts', [])],
  'test:python': (args) => [script('test/python/run.ts', args)],
  check: (args) => [
    [
      'turbo',
      'run',
      ...['types', 'lint', 'format', 'boundaries', 'unused'].map((name) => `check:${name}`),
      '--continue',
      ...args,
    ],
  ],
  'test:archive': () => [script('test/archive/run.ts', ['readers'])],
  'test:spark': () => [script('test/archive/run.ts', ['spark'])],
  bench: (args) => [script('test/bench/main.ts', args)],
  mutate: (args) => [script('test/mutation/main.ts', args)],
  monitoring: () => [script('infra/monitoring/main.ts', [])],
  pack: (args) => [script('packages/larderjs/build/pack.ts', args)],
  larder: (args) => [script('apps/cli/src/main.ts', args)],
};

export const VERBS = Object.keys(COMMANDS);

/** @returns {string[][] | null} null for an unknown verb */
export function commandsOf(verb, args) {
  return Object.hasOwn(COMMANDS, verb) ? COMMANDS[verb](args) : null;
}
