/* `find` runs for every request where keys are asked for: a walk along the path, no regular expression, no decoding but
 * of the one name that a scope may be bound to. */
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
const STREAM = /\/(?:events|rows)$/;
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
  return {
    find(method, url) {
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
      return { route, name: route.nameAt < 0 ? undefined : nameOf(segments[route.nameAt + 1] as string) };
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
