import type { Logger } from '@larder/core';
import type { Manifest } from '@larder/features';
import { CHAMPION, type AliasState, type ServableModel, type ServableVersion } from '@larder/registry';
import type { ServedAlias } from '@larder/serving';
import type { AskedVersions } from './asked-versions.ts';
import { versionInForce, wantedVersions, type Standing } from './choose-versions.ts';
import type { ServedModel } from './served-model.ts';
import { beingLoaded, notReady, versionNotFound, type Unavailable } from './unavailable.ts';

/** The way to an answer: a version, and the alias that chose it. */
export interface Route {
  readonly served: ServedModel;
  /** With the move that put the version in force; absent: the caller named the number. */
  readonly alias: ServedAlias | undefined;
}

export interface AliasInService {
  readonly state: AliasState;
  /** Absent: no version answers. */
  readonly route: Route | undefined;
  /** Why the version that the alias points to could not be loaded; null: it is in force, or being loaded. */
  readonly failure: Unavailable | null;
}

/** One model: its versions in memory, and which of them answers. */
export interface ModelInService {
  readonly name: string;
  /**
   * The version for a request: the champion, or the one that the caller named by number or alias, never another.
   * @throws MODEL_NOT_READY, MODEL_VERSION_NOT_FOUND
   */
  route(asked: number | string | undefined): Route;
  /** Takes a change of the registry: what is warm answers at once, the rest as soon as it is loaded. */
  follow(record: ServableModel, applied: Manifest): void;
  /** Resolves once every alias has its version, or cannot have it. */
  readonly settled: Promise<void>;
  /** Tries again what could not be loaded. */
  retry(): void;
  /** Loads a version because a caller named it. @returns false when it could not be loaded */
  load(version: number): Promise<boolean>;
  /** Closes versions that nothing needs any more. */
  sweep(): void;
  /** The version that answers by default. */
  champion(): ServedModel | undefined;
  aliases(): readonly AliasInService[];
  /** Versions in memory. */
  opened(): Iterable<ServedModel>;
  close(): Promise<void>;
}

export interface ModelInServiceDeps {
  readonly open: (version: ServableVersion, known: () => Iterable<ServedModel>) => Promise<ServedModel>;
  /** Takes a version that is out of service. */
  readonly retire: (model: ServedModel) => void;
  /** Called when another version, or one with other policies, answers, and when one could not be loaded. */
  readonly onChange: () => void;
  readonly asked: Pick<AskedVersions, 'ask' | 'has' | 'touch'>;
  /** False while the process starts: a spare must not delay what is needed. */
  readonly mayLoadSpares: () => boolean;
  readonly logger: Pick<Logger, 'error'>;
}

interface Failure extends Unavailable {
  readonly contentDigest: string | null;
  readonly cause: string;
  /** Trying again may help, and it is time to. */
  due: boolean;
}

export function createModelInService(name: string, deps: ModelInServiceDeps): ModelInService {
  const { asked, logger } = deps;
  let record: ServableModel = { versions: new Map(), aliases: [] };
  let applied: Manifest | null = null;
  const opened = new Map<number, ServedModel>();
  const opening = new Map<number, Promise<boolean>>();
  const failures = new Map<number, Failure>();
  const routes = new Map<string, Route>();
  const numbers = new Map<number, Route>();
  let champion: Route | undefined;
  let formerChampion: number | undefined;
  let loading = Promise.resolve();
  let busy = false;
  let closed = false;
  const settled = Promise.withResolvers<void>();

  const standing = (): Standing => ({
    record,
    isOpen: (version) => opened.has(version),
    hasFailed: (version) => failures.has(version),
    inForce: (alias) => routes.get(alias)?.served.version,
    formerChampion,
  });

  /** Brings the routes in line with what is known and in memory; loads nothing. */
  function settle(): void {
    if (closed || applied === null) return;
    let swapped = false;
    for (const [version, served] of opened) {
      const next = served.under(applied);
      if (next === served) continue;
      swapped = true;
      put(version, next);
    }
    for (const alias of record.aliases) swapped = direct(alias) || swapped;
    for (const alias of routes.keys())
      if (!record.aliases.some((state) => state.alias === alias)) swapped = routes.delete(alias) || swapped;
    const before = champion?.served.version;
    champion = routes.get(CHAMPION);
    if (before !== undefined && before !== champion?.served.version) formerChampion = before;
    sweep();
    if (wantedVersions(standing()).needed.every((version) => !isMissing(version))) settled.resolve();
    if (swapped) deps.onChange();
  }

  /** Directs an alias to the version that answers for it. @returns whether anything changed */
  function direct(alias: AliasState): boolean {
    const version = versionInForce(alias, standing());
    const served = version === undefined ? undefined : opened.get(version);
    const before = routes.get(alias.alias);
    if (served === undefined) return routes.delete(alias.alias);
    const same = before?.served.version === version;
    const moveId =
      version === alias.version
        ? (alias.move?.moveId ?? null)
        : same
          ? (before?.alias?.moveId ?? null)
          : null;
    if (before?.served === served && before.alias?.moveId === moveId) return false;
    routes.set(alias.alias, { served, alias: { alias: alias.alias, moveId } });
    return true;
  }

  function put(version: number, served: ServedModel): void {
    const before = opened.get(version);
    opened.set(version, served);
    numbers.set(version, { served, alias: undefined });
    if (before !== undefined) deps.retire(before);
  }

  function sweep(): void {
    const { needed, spare } = wantedVersions(standing());
    const stays = new Set([...needed, ...spare]);
    for (const { served } of routes.values()) stays.add(served.version);
    for (const [version, served] of opened) {
      if (stays.has(version) || asked.has({ model: name, version })) continue;
      opened.delete(version);
      numbers.delete(version);
      deps.retire(served);
    }
  }

  /** On record, and neither in memory nor known to fail. */
  function isMissing(version: number): boolean {
    const digest = record.versions.get(version)?.contentDigest;
    if (digest === undefined) return false;
    const served = opened.get(version);
    if (served !== undefined && (served.contentDigest === digest || digest === null)) return false;
    return failures.get(version)?.due !== false;
  }

  function load(): void {
    if (busy) return;
    busy = true;
    loading = (async () => {
      for (;;) {
        const { needed, spare } = wantedVersions(standing());
        const wanted = deps.mayLoadSpares() ? [...needed, ...spare] : needed;
        const version = closed ? undefined : wanted.find(isMissing);
        // No turn of the event loop may come between the last look and this.
        if (version === undefined) return void (busy = false);
        await open(version);
      }
    })();
  }

  /** Loads a version and brings the routes in line. */
  function open(version: number): Promise<boolean> {
    const going = opening.get(version) ?? tryOpen(version).finally(() => opening.delete(version));
    opening.set(version, going);
    return going;
  }

  async function tryOpen(version: number): Promise<boolean> {
    const known = record.versions.get(version);
    if (known === undefined) return false;
    try {
      const served = await deps.open(known, () => opened.values());
      if (closed) {
        deps.retire(served);
        return false;
      }
      failures.delete(version);
      put(version, served);
      settle();
      return true;
    } catch (error) {
      const cause = String(error);
      if (failures.get(version)?.cause !== cause)
        logger.error({ err: error, model: name, version }, 'A model version cannot be served');
      const problem = notReady({ model: name, version }, error);
      failures.set(version, { ...problem, contentDigest: known.contentDigest, cause, due: false });
      settle();
      // Whoever waits for a move learns at once that it will not be in force here.
      deps.onChange();
      return false;
    }
  }

  function byNumber(version: number): Route {
    const route = numbers.get(version);
    const known = record.versions.get(version);
    if (known === undefined || known.collectedAt !== null) throw versionNotFound(name, version, record);
    if (route !== undefined) {
      asked.touch({ model: name, version });
      return route;
    }
    const failure = failures.get(version);
    if (failure !== undefined && !failure.due) throw failure.error;
    const retryAfterSeconds = opening.has(version) ? 1 : asked.ask({ model: name, version });
    throw beingLoaded({ model: name, version }, retryAfterSeconds).error;
  }

  function failureOf(alias: AliasState): Unavailable | null {
    const isInForce = routes.get(alias.alias)?.served.version === alias.version;
    return isInForce ? null : (failures.get(alias.version) ?? null);
  }

  return {
    name,
    route(version) {
      if (version === undefined && champion !== undefined) return champion;
      if (typeof version === 'number') return byNumber(version);
      const alias = record.aliases.find((state) => state.alias === (version ?? CHAMPION));
      if (alias === undefined) {
        if (version === undefined) throw beingLoaded({ model: name }).error;
        throw versionNotFound(name, version, record);
      }
      const route = routes.get(alias.alias);
      if (route !== undefined) return route;
      throw (failureOf(alias) ?? beingLoaded({ model: name, version: alias.version })).error;
    },
    follow(next, manifest) {
      record = next;
      applied = manifest;
      for (const [version, { contentDigest }] of failures)
        if (record.versions.get(version)?.contentDigest !== contentDigest) failures.delete(version);
      settle();
      load();
    },
    settled: settled.promise,
    retry() {
      for (const failure of failures.values()) failure.due = failure.tryAgain;
      load();
    },
    load: async (version) => opened.has(version) || open(version),
    sweep,
    champion: () => champion?.served,
    aliases: () =>
      record.aliases.map((state) => ({ state, route: routes.get(state.alias), failure: failureOf(state) })),
    opened: () => opened.values(),
    async close() {
      closed = true;
      settled.resolve();
      champion = undefined;
      routes.clear();
      numbers.clear();
      for (const served of opened.values()) deps.retire(served);
      opened.clear();
      await loading;
    },
  };
}
