import { readModule, type Module } from './module.ts';

/** Where modules come from: the project's folder, or stored sources. */
export interface ModuleSource {
  /** Null: the module is left out, for it was not reached. @throws Error when there is no such file */
  read(path: string): Promise<string | null>;
  /** Absolute path of a module of the project; null for packages. */
  resolve(specifier: string, from: string): string | null;
}

/** The modules of a project, each read once. */
export interface ModuleGraph {
  /** Absolute path of a module of the project; null for packages. */
  resolve(specifier: string, from: string): string | null;
  get(path: string): Module | undefined;
  /** The module that a specifier names; undefined for packages, and for what cannot be read. */
  imported(specifier: string, from: Module): Module | undefined;
  /** Reads a module and everything that it imports statically. @throws Error naming the file that cannot be read or parsed */
  load(path: string): Promise<Module>;
  /** What modules import statically, and they themselves, in the order in which they are evaluated. */
  inOrder(entries: readonly Module[]): readonly Module[];
}

export function createModuleGraph(source: ModuleSource): ModuleGraph {
  const modules = new Map<string, Module>();
  /** By the paths of the entries. */
  const orders = new Map<string, Module[]>();
  const resolved = new Map<string, string | null>();

  function resolve(specifier: string, from: string): string | null {
    const key = `${from}\n${specifier}`;
    const known = resolved.get(key);
    if (known !== undefined) return known;
    const path = source.resolve(specifier, from);
    resolved.set(key, path);
    return path;
  }
  const reading = new Map<string, Promise<Module | null>>();

  function read(path: string): Promise<Module | null> {
    const known =
      reading.get(path) ?? source.read(path).then((text) => (text === null ? null : readModule(path, text)));
    reading.set(path, known);
    return known;
  }

  function imported(specifier: string, from: Module): Module | undefined {
    const path = resolve(specifier, from.path);
    return path === null ? undefined : modules.get(path);
  }

  async function load(path: string): Promise<Module> {
    const entry = await read(path);
    if (entry === null) throw new Error(`${path} was left out.`);
    const waiting = [{ module: entry, late: false }];
    const seen = new Set<Module>();
    orders.clear();
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const { module, late } = next;
      if (seen.has(module)) continue;
      seen.add(module);
      modules.set(module.path, module);
      const found = await Promise.all([
        ...module.specifiers.map((each) => follow(each, module, late)),
        ...module.lateSpecifiers.map((each) => follow(each, module, true)),
      ]);
      waiting.push(...found.flatMap((each) => each ?? []));
    }
    return entry;
  }

  async function follow(specifier: string, from: Module, late: boolean) {
    const path = resolve(specifier, from.path);
    if (path === null) return null;
    try {
      const module = await read(path);
      return module === null ? null : { module, late };
    } catch (error) {
      // A module that is imported late may never be needed.
      if (late) return null;
      throw error;
    }
  }

  return {
    resolve,
    get: (path) => modules.get(path),
    imported,
    load,
    inOrder(entries) {
      const key = entries.map(({ path }) => path).join('\n');
      const known = orders.get(key) ?? evaluationOrder(entries, imported);
      orders.set(key, known);
      return known;
    },
  };
}

/** As Node evaluates them: what a module imports before it. */
function evaluationOrder(
  entries: readonly Module[],
  imported: (specifier: string, from: Module) => Module | undefined,
): Module[] {
  const ordered = new Set<Module>();
  const entered = new Set<Module>();
  const enter = (module: Module): void => {
    if (entered.has(module)) return;
    entered.add(module);
    for (const specifier of module.specifiers) {
      const next = imported(specifier, module);
      if (next !== undefined) enter(next);
    }
    ordered.add(module);
  };
  for (const entry of entries) enter(entry);
  return [...ordered];
}
