import { createOpenApiDocument } from '@larder/contracts';

interface Operation {
  readonly responses: Readonly<Record<string, { readonly description: string }>>;
}

interface Answered {
  readonly method: string;
  /** Path with its query. */
  readonly path: string;
  readonly status: number;
  readonly body: unknown;
}

/** Codes of unknown routes and methods, which no document can list. */
const OF_NO_OPERATION = new Set(['ROUTE_NOT_FOUND', 'METHOD_NOT_ALLOWED']);

const { paths } = createOpenApiDocument() as { paths: Record<string, Record<string, Operation>> };
const routes = Object.entries(paths).map(([template, methods]) => ({
  template,
  pattern: new RegExp(`^${template.replaceAll(/\{\w+\}/g, '[^/]+').replaceAll('.', '\\.')}/?$`),
  methods,
}));

/** What the OpenAPI document lacks about an answer; undefined when everything is documented. */
export function undocumented({ method, path, status, body }: Answered): string | undefined {
  const code =
    typeof body === 'object' && body !== null && 'code' in body ? String(body.code) : String(status);
  if (OF_NO_OPERATION.has(code)) return undefined;
  const [bare = ''] = path.split('?');
  const route = routes.find(({ pattern }) => pattern.test(bare));
  if (route === undefined) return bare.startsWith('/docs') ? undefined : `No route ${bare} is documented.`;
  const operation = route.methods[method.toLowerCase()];
  if (operation === undefined) return `${method} ${route.template} is not documented.`;
  const { [status]: response, default: always } = operation.responses;
  if (status < 400 || code === String(status))
    return response === undefined ? `${method} ${route.template} answered ${status}.` : undefined;
  const said = `${response?.description ?? ''} ${always?.description ?? ''}`;
  return said.includes(`\`${code}\``) ? undefined : `${method} ${route.template} answered ${status} ${code}.`;
}
