export interface Target {
  /** What is mutated. */
  readonly file: string;
  /** Globs of the tests that must notice. */
  readonly tests: readonly string[];
  /** Mutants that no test can tell from the original (`original => mutant`), and why. */
  readonly explained?: Readonly<Record<string, string>>;
}

const ONLINE = 'packages/online-store/src';

/** The files where a mistake loses, doubles, leaks or lets in. */
export const TARGETS: Readonly<Record<string, Target>> = {
  'entity-key': {
    file: `${ONLINE}/entity-key.ts`,
    tests: [`${ONLINE}/{entity-key,hostile-keys}.test.ts`],
    explained: {
      'key.length * 3 > MAX_ENTITY_KEY_BYTES => true': 'only spares counting the bytes of a short key',
      'key.length * 3 > MAX_ENTITY_KEY_BYTES => key.length * 3 >= MAX_ENTITY_KEY_BYTES':
        'only spares counting the bytes of a short key',
      'joinKey.safe === true => true': 'outside 64 bits is outside the safe integers too',
      "typeof value === 'number' => true": 'isSafeInteger is false for anything but a number',
    },
  },
};
