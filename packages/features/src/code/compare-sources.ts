import type { CodeSources } from './code-unit.ts';
import type { Unit } from './module.ts';
import { openSources } from './stored-sources.ts';

/** What differs, a line each: 'function rate in src/rate.ts changed', 'src/scale.ts is imported now'. */
export async function compareSources(was: CodeSources, now: CodeSources): Promise<string[]> {
  const [before, after] = await Promise.all([unitsOf(was), unitsOf(now)]);
  const lines: string[] = [];
  const pathsBefore = pathsOf(before);
  const pathsAfter = pathsOf(after);
  // A unit that moved to another file is the same unit.
  const inBefore = matching(before);
  const inAfter = matching(after);
  for (const unit of after) {
    const old = inBefore(unit);
    if (old === undefined) {
      if (pathsBefore.has(unit.path)) lines.push(`${unit.name} is used now`);
    } else if (old.text !== unit.text) lines.push(`${unit.name} changed`);
  }
  for (const unit of before)
    if (inAfter(unit) === undefined && pathsAfter.has(unit.path))
      lines.push(`${unit.name} is no longer used`);
  const isMoved = (unit: NamedUnit, other: (unit: NamedUnit) => NamedUnit | undefined): boolean =>
    other(unit)?.text === unit.text;
  for (const path of pathsAfter)
    if (!pathsBefore.has(path) && after.some((unit) => unit.path === path && !isMoved(unit, inBefore)))
      lines.push(`${path} is imported now`);
  for (const path of pathsBefore)
    if (!pathsAfter.has(path) && before.some((unit) => unit.path === path && !isMoved(unit, inAfter)))
      lines.push(`${path} is no longer imported`);
  return lines.length > 0 ? lines : ['the same declarations are put together in another way'];
}

interface NamedUnit {
  readonly path: string;
  /** `function rate in src/rate.ts` */
  readonly name: string;
  readonly label: string;
  /** Among the units of its file with this label. */
  readonly place: number;
  readonly text: string;
}

async function unitsOf(sources: CodeSources): Promise<NamedUnit[]> {
  const { slice, pathOf } = await openSources(sources);
  const places = new Map<string, number>();
  return [...slice.units]
    .sort((a, b) => a.start - b.start)
    .map((unit) => {
      const path = pathOf(unit.module);
      const name = unit.label === 'file' ? path : `${unit.label} in ${path}`;
      const place = (places.get(name) ?? -1) + 1;
      places.set(name, place);
      return { path, name, label: unit.label, place, text: textOf(unit) };
    });
}

/** With names in place of what they stand for. */
function textOf({ template }: Unit): string {
  return template
    .map((part) => {
      if (typeof part === 'string') return part;
      if ('specifier' in part) return 'a module';
      if ('definition' in part) return part.definition;
      return part.name;
    })
    .join('');
}

/** Finds the unit of the same file, else the only one with its label. */
function matching(units: readonly NamedUnit[]): (unit: NamedUnit) => NamedUnit | undefined {
  const byName = new Map(units.map((unit) => [`${unit.name} ${unit.place}`, unit]));
  const byLabel = Map.groupBy(units, ({ label, place }) => `${label} ${place}`);
  return (unit) => {
    const same = byName.get(`${unit.name} ${unit.place}`);
    if (same !== undefined) return same;
    const alike = byLabel.get(`${unit.label} ${unit.place}`) ?? [];
    return alike.length === 1 ? alike[0] : undefined;
  };
}

function pathsOf(units: readonly NamedUnit[]): Set<string> {
  return new Set(units.map(({ path }) => path));
}
