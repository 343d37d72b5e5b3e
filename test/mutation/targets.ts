export interface Target {
  /** What is mutated. */
  readonly file: string;
  /** Globs of the tests that must notice. */
  readonly tests: readonly string[];
  /** Mutants that no test can tell from the original (`original => mutant`), and why. */
  readonly explained?: Readonly<Record<string, string>>;
}

const ONLINE = 'packages/online-store/src';
const OUTBOUND = 'packages/outbound/src';
const PREPARE = 'packages/materialization/src/prepare';
const FEATURES = 'packages/features/src';
const SERVING = 'packages/serving/src';
const HTTP = 'apps/inference/src/http';

/** What it skips comes to the same on the longer way. */
const SPARES_TIME = 'only spares time';

/** The files where a mistake loses, doubles, leaks or lets in. */
export const TARGETS: Readonly<Record<string, Target>> = {
  'entity-key': {
    file: 'packages/features/src/entity-key/entity-key.ts',
    tests: ['packages/features/src/entity-key/entity-key.test.ts', `${ONLINE}/keys/hostile-keys.test.ts`],
    explained: {
      'key.length * 3 > MAX_ENTITY_KEY_BYTES => true': 'only spares counting the bytes of a short key',
      'key.length * 3 > MAX_ENTITY_KEY_BYTES => key.length * 3 >= MAX_ENTITY_KEY_BYTES':
        'only spares counting the bytes of a short key',
      'joinKey.safe === true => true': 'outside 64 bits is outside the safe integers too',
      "typeof value === 'number' => true": 'isSafeInteger is false for anything but a number',
    },
  },
  'ttl-at-read': {
    file: `${ONLINE}/reading/ttl-at-read.ts`,
    tests: [`${ONLINE}/reading/{ttl-at-read,damaged-rows}.test.ts`],
    explained: {
      "view.ttl_ms === 'forever' => false": 'no age is greater than a text either',
      '\'forever\' => ""': 'no age is greater than a text either',
    },
  },
  'row-layout': {
    file: `${ONLINE}/rows/row-layout.ts`,
    tests: [`${ONLINE}/*/{row-codec,row-format-1,tensor-decoder,value-reader,damaged-rows}.test.ts`],
  },
  'row-header': {
    file: `${ONLINE}/rows/row-header.ts`,
    tests: [`${ONLINE}/*/{row-codec,row-format-1,ttl-at-read,damaged-rows}.test.ts`],
    explained: { 'row.length >= ROW_HEADER_BYTES => true': 'every caller has a whole header by then' },
  },
  'row-check': {
    file: `${ONLINE}/rows/row-check.ts`,
    tests: [`${ONLINE}/*/{row-check,damaged-rows}.test.ts`],
    explained: {
      "type === 'int64' => true": 'only an int64 can be safe',
      'variableCount === 0 => false': SPARES_TIME,
      'end > row.length => false': 'the last end is the length, so a later one is less than its start',
      '{ return false; } => {}': 'nothing is as false as false',
    },
  },
  'row-codec': {
    file: `${ONLINE}/rows/row-codec.ts`,
    tests: [`${ONLINE}/rows/{row-codec,row-format-1}.test.ts`],
  },
  'decode-value': {
    file: `${ONLINE}/rows/decode-value.ts`,
    tests: [`${ONLINE}/*/{row-codec,value-reader}.test.ts`],
    explained: {
      'default: return field.type satisfies never; => default:': 'never reached: for the type checker',
    },
  },
  'canonical-json': {
    file: `${FEATURES}/manifest/canonical-json.ts`,
    tests: [`${FEATURES}/manifest/canonical-json.test.ts`],
    explained: { 'a < b => a <= b': 'no two members of an object have one name' },
  },
  'public-address': {
    file: `${OUTBOUND}/public-address.ts`,
    tests: [`${OUTBOUND}/hostile-addresses.test.ts`],
  },
  'allowed-hosts': {
    file: `${OUTBOUND}/allowed-hosts.ts`,
    tests: [`${OUTBOUND}/allowed-hosts.test.ts`],
    explained: {
      "host.startsWith('[') => host.endsWith('[')":
        'an IPv6 host has no dot, so it ends in no name below `*.`',
    },
  },
  'outbound-url': {
    file: `${OUTBOUND}/outbound-url.ts`,
    tests: [`${OUTBOUND}/outbound-url.test.ts`],
    explained: {
      '\'\' => "Stryker was here!"': 'without a location the answer is refused, whatever it would lead to',
    },
  },
  'skip-unchanged': { file: `${PREPARE}/skip-unchanged.ts`, tests: [`${PREPARE}/skip-unchanged.test.ts`] },
  'missing-rows': {
    file: `${PREPARE}/missing-rows.ts`,
    tests: [`${PREPARE}/missing-rows.test.ts`],
    explained: { '[] => ["Stryker was here"]': 'nobody asks for the keys of a row without keys' },
  },
  'pick-retried-rows': {
    file: `${PREPARE}/pick-retried-rows.ts`,
    tests: [`${PREPARE}/pick-retried-rows.test.ts`],
  },
  'prepare-rows': {
    file: `${PREPARE}/prepare-rows.ts`,
    tests: [`${PREPARE}/prepare-rows.test.ts`],
    explained: {
      'source.created_timestamp_column === null => false': 'no column is called null',
      '[] => ["Stryker was here"]': 'no column is called so',
    },
  },
  ids: {
    file: 'packages/core/src/ids.ts',
    tests: ['packages/core/src/ids.test.ts'],
    explained: {
      'used + RANDOM_BYTES > POOL_BYTES => true': SPARES_TIME,
      'used + RANDOM_BYTES > POOL_BYTES => used + RANDOM_BYTES >= POOL_BYTES': SPARES_TIME,
      'at < 36 => at <= 36': 'a write beyond the end of a buffer does nothing',
      '\'latin1\' => ""': 'ASCII is the same bytes in UTF-8',
    },
  },
  'tensor-pool': {
    file: `${SERVING}/tensor/tensor-pool.ts`,
    tests: [`${SERVING}/tensor/tensor-pool.test.ts`],
    explained: {
      'tensor.bytes.length > (large?.bytes.length ?? 0) => tensor.bytes.length >= (large?.bytes.length ?? 0)':
        'of two of one size either may be kept',
    },
  },
  'judge-rows': {
    file: `${SERVING}/readings/judge-rows.ts`,
    tests: [
      `${SERVING}/predict.test.ts`,
      `${SERVING}/readings/*.test.ts`,
      'apps/inference/src/damaged-row.test.ts',
    ],
  },
  deadline: { file: `${SERVING}/deadline.ts`, tests: [`${SERVING}/deadline.test.ts`] },
  'refuse-odd-json': {
    file: `${HTTP}/refuse-odd-json.ts`,
    tests: [`${HTTP}/refuse-odd-json.test.ts`],
    explained: {
      "typeof value !== 'object' => false": SPARES_TIME,
      'Array.isArray(value) => false': SPARES_TIME,
      "{ for (let at = 0; at < value.length; at++) if (typeof value[at] === 'object') visit(value[at], `${pointer}/${at}`, depth + 1); return; } => {}":
        SPARES_TIME,
      'at < value.length => at <= value.length': SPARES_TIME,
      "typeof value[at] === 'object' => true": SPARES_TIME,
      "typeof member === 'object' => true": SPARES_TIME,
    },
  },
  'idempotency-key': { file: `${HTTP}/idempotency-key.ts`, tests: [`${HTTP}/idempotency-key.test.ts`] },
};
