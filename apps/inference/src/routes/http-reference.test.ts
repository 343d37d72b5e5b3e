import { readFileSync } from 'node:fs';
import { createOpenApiDocument } from '@larder/contracts';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { describe, expect, test as plain } from 'vitest';
import { body } from '../testing/ads.ts';
import { test } from '../testing/inference-test.ts';

const page = readFileSync(new URL('../../../../docs/reference/http.md', import.meta.url), 'utf8');
const document = createOpenApiDocument() as {
  paths: Record<string, Record<string, object>>;
  components: { schemas: Record<string, object> };
};

describe('docs/reference/http.md', () => {
  plain('its table has every route, and no other', () => {
    const table = page.slice(page.indexOf('| route | what |'), page.indexOf('## Every answer'));
    const listed = [...table.matchAll(/^\| (.+?) \|/gm)].slice(1).flatMap(([, cell = '']) => routesOf(cell));
    const documented = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(listed.toSorted()).toEqual(documented.toSorted());
  });

  const examples = [...page.matchAll(/(?:<!-- (\w+) -->\n)?```json\n([^]*?)```/g)].map(([, name, json]) => ({
    name: name ?? 'no name',
    json: json ?? '',
  }));
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true });
  formats.default(ajv);
  for (const keyword of ['example', 'components', 'openapi', 'info', 'tags', 'paths'])
    ajv.addKeyword(keyword);
  ajv.addSchema({ $id: 'openapi', ...document });

  plain.for(examples)('the example of a $name matches its schema', ({ name, json }) => {
    expect(Object.keys(document.components.schemas)).toContain(name);
    const validate = ajv.compile({ $ref: `openapi#/components/schemas/${name}` });
    validate(JSON.parse(json));
    expect(validate.errors ?? []).toEqual([]);
  });

  test('its answer to a wrong row of a batch is the actual one', async ({ service }) => {
    const answer = await service.http.post('/v1/models/ad_ctr/predict-batch', {
      rows: [body('ad-1'), { ...body('ad-1'), entities: { ...body('ad-1').entities, ad_id: 2 } }],
    });
    const [, real] = (answer.body as { rows: [object, { error: object }] }).rows;
    const shown = examples.find(({ name }) => name === 'PredictBatchAnswer')?.json ?? '';
    const { error } = (JSON.parse(shown) as { rows: [object, { error: object }] }).rows[1];
    expect({ ...real.error, request_id: '' }).toEqual({ ...error, request_id: '' });
  });
});

/** A cell may list several routes (`GET /v1/runs`, `GET /v1/runs/{id}`); a later one may inherit method and path from the one before. */
function routesOf(cell: string): string[] {
  const routes: string[] = [];
  for (const [, code = ''] of cell.matchAll(/`([^`]+)`/g)) {
    const [method = '', path] = code.split(' ');
    const [earlierMethod = '', earlier = ''] = (routes.at(-1) ?? '').split(' ');
    if (path !== undefined) routes.push(`${method} ${path}`);
    else if (code.split('/').length === 2 && earlier.startsWith('/v1/'))
      routes.push(`${earlierMethod} ${earlier.slice(0, earlier.lastIndexOf('/'))}${code}`);
    else routes.push(`${earlierMethod} ${code}`);
  }
  return routes;
}
