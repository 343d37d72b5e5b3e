import fc from 'fast-check';
import { expect } from 'vitest';
import {
  dropAlias,
  markVersion,
  moveAlias,
  readAliasMoves,
  readAliases,
  rollback,
  type AliasState,
} from '../index.ts';
import { addVersions, newProject, test } from '../testing/versions.ts';

const by = { actor: 'ada', reason: 'better' };

/** What a list says, the slow and obvious way. */
interface Naive {
  readonly versions: { complete: boolean; bad: boolean }[];
  /** What was in force under the alias, in order; null: nothing. Absent: nobody moved it. */
  readonly history: Map<string, (number | null)[]>;
  /** Where `champion` was before its first move. */
  followed: number;
}

function naiveState(
  { versions, history, followed }: Naive,
  alias: string,
): Pick<AliasState, 'version' | 'earlier'> | null {
  const good = (version: number | null) => version !== null && versions[version - 1]?.bad === false;
  const all = versions.map((_, i) => i + 1).reverse();
  const inForce = history.get(alias);
  if (inForce === undefined) {
    if (alias !== 'champion') return null;
    const complete = all.filter((version) => good(version) && versions[version - 1]?.complete);
    const version = complete[0] ?? all.find(good) ?? versions.length;
    return { version, earlier: complete.filter((each) => each !== version) };
  }
  const version = inForce.at(-1) ?? null;
  if (version === null) return null;
  const earlier: number[] = [];
  const older = all.filter((each) => each < followed && versions[each - 1]?.complete).reverse();
  for (const before of [...(alias === 'champion' ? older : []), ...inForce].reverse())
    if (before !== null && before !== version && good(before) && !earlier.includes(before))
      earlier.push(before);
  return { version, earlier };
}

const step = fc.record({
  act: fc.constantFrom(
    'promote',
    'promote',
    'promote',
    'rollback',
    'bad',
    'good',
    'drop',
    'apply',
    'complete',
  ),
  alias: fc.constantFrom('champion', 'challenger'),
  version: fc.integer({ min: 1, max: 5 }),
  stale: fc.boolean(),
});

test('any sequence of moves, marks and applies gives what a list of them gives', async ({ store }) => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
      const project = newProject();
      await addVersions(store, project, [{ complete: true }, { complete: true }]);
      const naive: Naive = {
        versions: [
          { complete: true, bad: false },
          { complete: true, bad: false },
        ],
        history: new Map(),
        followed: 0,
      };
      const newest = new Map<string, number>();
      for (const { act, alias, version, stale } of steps) {
        const before = naiveState(naive, alias);
        const inForce = naive.history.get(alias) ?? (before === null ? [] : [before.version]);
        const known = naive.versions[version - 1];
        const id = { project, model: 'ctr', alias, ...by };
        const right = newest.get(alias) ?? null;
        const expectedMoveId = stale ? 1_000_000_000 : right;
        const moved = (moveId: number, toVersion: number | null) => {
          newest.set(alias, moveId);
          if (alias === 'champion' && right === null) naive.followed = before?.version ?? 0;
          naive.history.set(alias, [...inForce, toVersion]);
        };
        if (act === 'apply') {
          await addVersions(store, project, [{ complete: !stale }]);
          naive.versions.push({ complete: !stale, bad: false });
        } else if (act === 'complete') {
          if (known === undefined) continue;
          await store.pool.query(
            'update larder.model_versions set complete_at = now() where project = $1 and version = $2',
            [project, version],
          );
          known.complete = true;
        } else if (act === 'bad' || act === 'good') {
          const marked = markVersion(store, { ...id, version, mark: act });
          if (known === undefined)
            await expect(marked).rejects.toMatchObject({ code: 'MODEL_VERSION_NOT_FOUND' });
          else {
            await marked;
            known.bad = act === 'bad';
          }
        } else if (act === 'drop') {
          const dropped = dropAlias(store, { ...id, expectedMoveId });
          if (alias === 'champion' || stale || before === null)
            await expect(dropped).rejects.toMatchObject({ code: expect.any(String) });
          else moved((await dropped).moveId, null);
        } else if (act === 'rollback') {
          const rolled = rollback(store, { ...id, expectedMoveId });
          const [target] = before?.earlier ?? [];
          if (stale || before === null || target === undefined)
            await expect(rolled).rejects.toMatchObject({ code: expect.any(String) });
          else {
            const move = await rolled;
            expect(move.toVersion).toBe(target);
            (naive.versions[before.version - 1] as { bad: boolean }).bad = true;
            moved(move.moveId, target);
          }
        } else {
          const promoted = moveAlias(store, { ...id, toVersion: version, expectedMoveId });
          if (stale || known === undefined || known.bad || !known.complete)
            await expect(promoted).rejects.toMatchObject({ code: expect.any(String) });
          else {
            const { move, changed } = await promoted;
            expect(changed).toBe(!(naive.history.has(alias) && before?.version === version));
            if (changed) moved(move.moveId, version);
          }
        }
        const states = await readAliases(store, project);
        const expected = ['champion', 'challenger'].flatMap((name) => {
          const state = naiveState(naive, name);
          return state === null ? [] : [{ alias: name, ...state }];
        });
        expect(
          states.map(({ alias: name, version: now, earlier }) => ({ alias: name, version: now, earlier })),
        ).toEqual(expected);
      }
      // Append-only, and each move replaces the one before.
      const moves = await readAliasMoves(store, project);
      for (const alias of ['champion', 'challenger']) {
        const own = moves.filter((move) => move.alias === alias);
        expect(own.map(({ previousMoveId }) => previousMoveId)).toEqual(
          [null, ...own.map(({ moveId }) => moveId)].slice(0, own.length),
        );
      }
    }),
    { numRuns: 25 },
  );
});
