import { expect, test } from 'vitest';
import { refuseOddJson } from './refuse-odd-json.ts';

const refused = (pointer: string, detail: string) =>
  expect.objectContaining({
    code: 'REQUEST_INVALID',
    message: `${pointer === '' ? 'The body' : pointer} ${detail}.`,
    errors: [{ pointer, detail }],
  });

/** JSON with this many objects or lists, one inside the other. */
const nested = (levels: number, open: string, close: string) =>
  JSON.parse(open.repeat(levels) + (open === '[' ? '' : 'null') + close.repeat(levels));

test.each([
  ['{"__proto__":1}', '/__proto__'],
  ['{"rows":[{},[{"a/b":{"~":{"__proto__":null}}}]]}', '/rows/1/0/a~1b/~0/__proto__'],
  ['[[],{"x":{"__proto__":{}}}]', '/1/x/__proto__'],
])('refuses a member __proto__ wherever it is: %s', (json, pointer) => {
  expect(() => refuseOddJson(JSON.parse(json))).toThrow(refused(pointer, 'is unknown'));
});

test.each([
  ['objects', '{"a":', '}'],
  ['lists', '[', ']'],
])('accepts 100 %s inside each other, and no more', (_, open, close) => {
  refuseOddJson(nested(100, open, close));
  expect(() => refuseOddJson(nested(101, open, close))).toThrow(refused('', 'must not nest deeper than 100'));
});

test.each(['null', '1', '"__proto__"', '["__proto__"]', '{"proto":{"a":[null,[1,{"b":"__proto__"}]]}}'])(
  'takes %s',
  (json) => {
    expect(() => refuseOddJson(JSON.parse(json))).not.toThrow();
  },
);

test('nesting that would overflow the stack is refused like any other', () => {
  expect(() => refuseOddJson(nested(50_000, '[', ']'))).toThrow(refused('', 'must not nest deeper than 100'));
});
