export interface PlantedFaults {
  readonly file: string;
  /** Test files that must notice the fault: names, not patterns, because they are arguments of vitest. */
  readonly tests: readonly string[];
  readonly faults: readonly Fault[];
}

interface Fault {
  /** Occurs once in the file. */
  readonly original: string;
  /** Replacement text. */
  readonly fault: string;
}

const ONLINE = 'packages/online-store/src';

const RUNS = 'packages/materialization/src/runs';
const RUN_TESTS =
  'attempt/claim-chunk attempt/break-attempt attempt/chunk-attempt landing/land-chunk finish/finish-runs dispatch/dispatch-order dispatch/dispatch-chunks verbs/run-life verbs/retry-failed'
    .split(' ')
    .map((name) => `${RUNS}/${name}.test.ts`);

const fault = (original: string, planted: string): Fault => ({ original, fault: planted });

/** Lua and SQL, which StrykerJS cannot read. */
export const PLANTED: Readonly<Record<string, PlantedFaults>> = {
  'write-rows': {
    file: `${ONLINE}/scripts/write-rows.lua`,
    tests: ['write-rows', 'expiry', 'erase-entity'].map((name) => `${ONLINE}/writing/${name}.test.ts`),
    faults: [
      fault('#other < 22', '#other < 23'),
      fault('if #other < 22 then return false end', ''),
      fault('for i = 6, 22 do', 'for i = 7, 22 do'),
      fault('for i = 6, 22 do', 'for i = 6, 21 do'),
      fault('for i = 6, 22 do', 'for i = 1, 22 do'),
      fault('return mine < theirs', 'return mine > theirs'),
      fault('return mine < theirs', 'return false'),
      fault('  return false\nend', '  return true\nend'),
      fault('KEYS[rows + i], hash', 'KEYS[rows + 1], hash'),
      fault('ARGV[rows + 2 + i]', 'ARGV[rows + 3]'),
      fault("results[i] = '?'", "results[i] = 'x'"),
      fault("hash == '' and call('EXISTS', KEYS[rows + i]) == 1", 'false'),
      fault("results[i] = 'x'", "results[i] = '0'"),
      fault('stored and is_older(row, stored)', 'false'),
      fault('if left >= 0 then call', 'if left > 1e9 then call'),
      fault('left == -2 or (left', 'left < 0 or (left'),
      fault('left == -2 or (left', '(left'),
      fault('left < tonumber(ttl)', 'left > tonumber(ttl)'),
      fault('(left >= 0 and left < tonumber(ttl))', 'left < tonumber(ttl)'),
      fault('(left >= 0 and left < tonumber(ttl))', 'false'),
    ],
  },
  'erase-entity': {
    file: `${ONLINE}/scripts/erase-entity.lua`,
    tests: [`${ONLINE}/writing/erase-entity.test.ts`],
    faults: [
      fault("redis.call('DEL', KEYS[1])", ''),
      fault("redis.call('HLEN', KEYS[1])", '0'),
      fault("string.format('%03d', math.floor(now[2] / 1000))", "''"),
    ],
  },
  'read-rows': {
    file: `${ONLINE}/scripts/read-rows.lua`,
    tests: ['reading/read-rows', 'keys/hostile-keys'].map((name) => `${ONLINE}/${name}.test.ts`),
    faults: [
      fault('for i = at, at + keys - 1 do', 'for i = at + 1, at + keys - 1 do'),
      fault('arg + 1 + fields))', 'arg + fields))'),
      fault('arg + 2, arg', 'arg + 3, arg'),
      fault('at, arg = at + keys,', 'at, arg = at,'),
    ],
  },
  'claim-chunk': {
    file: `${RUNS}/attempt/claim-chunk.ts`,
    tests: RUN_TESTS,
    faults: [
      fault(' and c.attempt = ${attempt.attempt}', ''),
      fault(" and c.state = 'dispatched'", " and c.state <> 'done'"),
      fault("case r.status when 'running' then 'running' else 'pending' end", "'running'"),
      fault("c.state = 'running' as claimed", 'true as claimed'),
      fault('coalesce(c.started_at, now())', 'now()'),
      fault("r.scope ? 'missing'", 'false'),
      fault('r.force,', 'false as force,'),
    ],
  },
  'land-chunk': {
    file: `${RUNS}/landing/land-chunk.ts`,
    tests: RUN_TESTS,
    faults: [
      fault("    .where('attempt', '=', attempt.attempt)\n", ''),
      fault("    .where('state', '=', 'running')\n", ''),
      fault('return row !== undefined', 'return true'),
      fault('f.retryable, before.attempts + 1,', 'f.retryable, 1,'),
      fault('f.retryable and before.attempts + 1 < ${MAX_FAILURES}', 'before.attempts + 1 < ${MAX_FAILURES}'),
      fault('before.attempts + 1 < ${MAX_FAILURES} and', ''),
      fault('where e.entity_key = f."entityKey"', 'where true'),
      fault("state: 'landed_history'", "state: 'done'"),
      fault('rows_total: done + failed + skipped', 'rows_total: done'),
      fault('error_code: null,', ''),
      fault('fromNow(landing.leaseMs)', 'null'),
      fault(" and state = 'landed_history'", ''),
    ],
  },
  'finish-runs': {
    file: `${RUNS}/finish/finish-runs.ts`,
    tests: RUN_TESTS,
    faults: [
      fault('r.project = ${project} and ', ''),
      fault("and c.state = 'pending')", 'and false)'),
      fault("in ('dispatched', 'running', 'landed_history')", "in ('running', 'landed_history')"),
      fault("in ('dispatched', 'running', 'landed_history')", "in ('dispatched', 'landed_history')"),
      fault("in ('dispatched', 'running', 'landed_history')", "in ('dispatched', 'running')"),
      fault(' and not s.any_chunk_failed', ''),
      fault('s.rows_failed = 0 and', 's.rows_failed >= 0 and'),
      fault('s.rows_done + s.rows_skipped > 0', 's.rows_done > 0'),
      fault('s.rows_done + s.rows_skipped > 0', 's.rows_skipped > 0'),
      fault('${SUMS_FROM_SUMMED}, finished_at', 'finished_at'),
      fault(' - r.paused_ms / 1000.0', ''),
    ],
  },
  'dispatch-chunks': {
    file: `${RUNS}/dispatch/dispatch-chunks.ts`,
    tests: RUN_TESTS,
    faults: [
      fault(' and dispatched_by = ${options.dispatcher}`', '`'),
      fault('options.slots - (waiting[0]?.count ?? 0)', 'options.slots'),
      fault('order by r.priority desc, r.revision', 'order by r.revision'),
      fault('order by r.priority desc, r.revision', 'order by r.priority desc, r.revision desc'),
      fault(' and not_before <= now()', ''),
      fault('then ${budget}::integer else 1 end', 'then ${budget}::integer else ${budget}::integer end'),
      fault(' and r.next_dispatch_at <= now()', ''),
      fault("r.status = 'running' and", ''),
      fault('attempt = c.attempt + 1', 'attempt = c.attempt'),
      fault(' and candidate.place <= ${budget}', ''),
      fault("and state = 'pending'", "and state in ('pending', 'failed')"),
    ],
  },
  'break-attempt': {
    file: `${RUNS}/attempt/break-attempt.ts`,
    tests: RUN_TESTS,
    faults: [
      fault(' and c.attempt = ${attempt.attempt}', ''),
      fault('c.lease_expires_at < now()', 'c.lease_expires_at > now()'),
      fault('c.failures + 1 >= ${MAX_FAILURES}', 'c.failures >= ${MAX_FAILURES}'),
      fault('not ${broken.retryable} or ', ''),
      fault("c.state = 'running' and ${condition}", '${condition}'),
      fault('rows_done = 0,', ''),
      fault('rows_skipped = 0,', ''),
      fault('then c.rows_total else 0 end', 'then 0 else 0 end'),
      fault('then now() end,', 'then null end,'),
      fault('and f.keys is null', ''),
      fault(
        'delete from larder.row_failures f using broken where',
        'delete from larder.row_failures f using broken where false and',
      ),
    ],
  },
};
