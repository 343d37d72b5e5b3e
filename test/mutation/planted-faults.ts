export interface PlantedFaults {
  readonly file: string;
  /** Files of the tests that must notice. */
  readonly tests: readonly string[];
  readonly faults: readonly Fault[];
}

interface Fault {
  /** Occurs once in the file. */
  readonly original: string;
  /** Stands in its place. */
  readonly fault: string;
}

const ONLINE = 'packages/online-store/src';

const fault = (original: string, planted: string): Fault => ({ original, fault: planted });

/** Lua and SQL, which StrykerJS cannot read. */
export const PLANTED: Readonly<Record<string, PlantedFaults>> = {
  'write-rows': {
    file: `${ONLINE}/scripts/write-rows.lua`,
    tests: ['write-rows', 'expiry'].map((name) => `${ONLINE}/${name}.test.ts`),
    faults: [
      fault('#other < 22', '#other < 23'),
      fault('if #other < 22 then return false end', ''),
      fault('for i = 6, 22 do', 'for i = 7, 22 do'),
      fault('for i = 6, 22 do', 'for i = 6, 21 do'),
      fault('for i = 6, 22 do', 'for i = 1, 22 do'),
      fault('return mine < theirs', 'return mine > theirs'),
      fault('return mine < theirs', 'return false'),
      fault('  return false\nend', '  return true\nend'),
      fault("'!erased')", "'erased')"),
      fault("results[i] = 'x'", "results[i] = '0'"),
      fault('stored[1] and is_older(row, stored[1])', 'false'),
      fault('if left >= 0 then call', 'if left > 1e9 then call'),
      fault('left == -2 or (left', 'left < 0 or (left'),
      fault('left == -2 or (left', '(left'),
      fault('left < tonumber(ttl)', 'left > tonumber(ttl)'),
      fault('(left >= 0 and left < tonumber(ttl))', 'left < tonumber(ttl)'),
      fault('(left >= 0 and left < tonumber(ttl))', 'false'),
    ],
  },
  'read-rows': {
    file: `${ONLINE}/scripts/read-rows.lua`,
    tests: ['read-rows', 'hostile-keys'].map((name) => `${ONLINE}/${name}.test.ts`),
    faults: [
      fault('for i = at, at + keys - 1 do', 'for i = at + 1, at + keys - 1 do'),
      fault('arg + 1 + fields))', 'arg + fields))'),
      fault('arg + 2, arg', 'arg + 3, arg'),
      fault('at, arg = at + keys,', 'at, arg = at,'),
    ],
  },
};
