/* `find` runs for every request where keys are asked for: one look for an address that was found before, otherwise a walk
 * along the path, without a regular expression, decoding only the one name that a scope may be bound to. */
import type { KeyScope, OperationAccess } from '@larder/contracts';

/** One operation that a request may be for. */
export interface RouteAccess extends OperationAccess {
  /** Position of the segment that a scope may be bound to; -1: none. */
  readonly nameAt: number;
  /** It changes the project itself, or who may: rarely called, and costly or dangerous when it is called often. */
  readonly rare: boolean;
  /** Its answer may take as long as its caller likes. */
  readonly streams: boolean;
}

export interface FoundRoute {
  readonly route: RouteAccess;
  /** What a scope may be bound to: the model, view or source that the path names. */
  readonly name: string | undefined;
  /** The scope for this name alone: `predict:ad_ctr`. */
  readonly boundScope: string | undefined;
}

export interface RouteTable {
  /** Undefined: no operation has this path; a list: its methods, none of which this is. */
  find(method: string, url: string): FoundRoute | readonly string[] | undefined;
}

interface Node {
  readonly children: Map<string, Node>;
  parameter: Node | null;
  /** By method. */
  readonly routes: Map<string, RouteAccess>;
}

const RARE: ReadonlySet<string> = new Set<KeyScope>([
  'registry:apply',
  'models:promote',
  'forget',
  'keys:admin',
]);
const STREAM = /\/(?:events|rows|parity|comparison)$/;
/**
 * Addresses that are found again without a walk: a service has few models and views. Anybody may send others: beyond this
 * many, the memory begins anew.
 */
const MAX_REMEMBERED = 512;
const MAX_REMEMBERED_LENGTH = 128;
/** Assets of a page belong to its route. */
const PAGES: ReadonlySet<string> = new Set(['docs']);

/** Matches paths as Express does with case-sensitive routers: literal segments first, one slash at the end or none. */
export function createRouteTable(operations: readonly OperationAccess[]): RouteTable {
  const root = node();
  for (const operation of operations) {
    const segments = operation.path.slice(1).split('/');
    let at = root;
    for (const segment of segments)
      if (segment.startsWith('{')) at = at.parameter ??= node();
      else at = child(at, segment);
    const nameAt = operation.boundBy === null ? -1 : segments.indexOf(`{${operation.boundBy}}`);
    const rare = operation.method !== 'GET' && RARE.has(operation.scope);
    const streams = operation.method === 'GET' && STREAM.test(operation.path);
    at.routes.set(operation.method, { ...operation, nameAt, rare, streams });
  }
  /** By method and address. */
  const remembered = new Map<string, Map<string, FoundRoute>>();
  let size = 0;

  function remember(method: string, url: string, found: FoundRoute): void {
    if (url.length > MAX_REMEMBERED_LENGTH) return;
    if (size >= MAX_REMEMBERED) {
      remembered.clear();
      size = 0;
    }
    const ofMethod = remembered.get(method) ?? new Map<string, FoundRoute>();
    remembered.set(method, ofMethod.set(url, found));
    size += 1;
  }

  return {
    find(method, url) {
      const again = remembered.get(method)?.get(url);
      if (again !== undefined) return again;
      const end = url.indexOf('?');
      const path = end < 0 ? url : url.slice(0, end);
      const segments = path.split('/');
      if (segments.length > 2 && segments.at(-1) === '') segments.pop();
      const last = PAGES.has(segments[1] ?? '') ? 2 : segments.length;
      let at: Node | null | undefined = root;
      for (let part = 1; part < last; part++) {
        const segment = segments[part] as string;
        at = at.children.get(segment) ?? (segment === '' ? null : at.parameter);
        if (at === null || at === undefined) return undefined;
      }
      const route = at.routes.get(method === 'HEAD' ? 'GET' : method);
      if (route === undefined) return at.routes.size === 0 ? undefined : [...at.routes.keys()];
      const name = route.nameAt < 0 ? undefined : nameOf(segments[route.nameAt + 1] as string);
      const found = { route, name, boundScope: name === undefined ? undefined : `${route.scope}:${name}` };
      remember(method, url, found);
      return found;
    },
  };
}

function node(): Node {
  return { children: new Map(), parameter: null, routes: new Map() };
}

function child(parent: Node, segment: string): Node {
  const known = parent.children.get(segment);
  if (known !== undefined) return known;
  const made = node();
  parent.children.set(segment, made);
  return made;
}

/** `ad_stats` of `ad_stats@2`; a segment that cannot be decoded is bound to nothing. */
function nameOf(segment: string): string {
  let name = segment;
  if (segment.includes('%')) {
    try {
      name = decodeURIComponent(segment);
    } catch {
      return '';
    }
  }
  const at = name.indexOf('@');
  return at < 0 ? name : name.slice(0, at);
}
