import { LarderError } from '@larder/core';
import { describe, expect, test } from 'vitest';
import type { FieldValue } from '../definition/field.ts';
import { compileOnDemandViews, type OnDemandDefinition } from './compile-on-demand-views.ts';
import { createRowEvaluator } from './evaluate-rows.ts';
import { evaluate, onDemandValue, type OnDemandInputs } from './evaluate.ts';
import type {
  OnDemandArguments,
  OnDemandFeature,
  OnDemandFunction,
  OnDemandViews,
} from './on-demand-views.ts';

const float = (name: string, fallback?: number) =>
  ({ name, type: 'float32', ...(fallback !== undefined && { default: fallback }) }) as const;

const FEATURE_VIEWS = {
  'stats@2': { schema: [float('clicks'), float('shown', 100), float('unread')] },
  'user@1': { schema: [float('age', 40)] },
};

const moment: OnDemandDefinition = {
  name: 'moment',
  request: [float('hour')],
  inputs: [],
  schema: [float('noon', 0.5), float('night')],
};
const offer: OnDemandDefinition = {
  name: 'offer',
  request: [float('bid'), float('hour')],
  inputs: [
    { view: 'stats', version: 2, features: ['clicks', 'shown'] },
    { view: 'moment', version: null, features: ['night', 'noon'] },
  ],
  schema: [float('rate')],
};
const top: OnDemandDefinition = {
  name: 'top',
  request: [],
  inputs: [
    { view: 'offer', version: null, features: ['rate'] },
    { view: 'user', version: 1, features: ['age'] },
    { view: 'stats', version: 2, features: ['shown'] },
  ],
  schema: [float('level')],
};

type Functions = Readonly<Record<string, (given: OnDemandArguments) => unknown>>;

function compile(functions: Functions, inputs = [{ view: 'top', version: null, features: ['level'] }]) {
  return compileOnDemandViews({
    inputs,
    manifest: { feature_views: FEATURE_VIEWS, on_demand_feature_views: { top, offer, moment } },
    functionOf: ({ name }): OnDemandFunction => ({ compute: functions[name] as OnDemandFunction['compute'] }),
  });
}

const CONSTANT: Functions = {
  moment: () => ({ noon: null, night: 1 }),
  offer: () => ({ rate: 2 }),
  top: () => ({ level: 3 }),
};

/** Columns by name, as in a training set. */
class Columns implements OnDemandInputs {
  row = 0;
  readonly #views: OnDemandViews;
  readonly #columns: Readonly<Record<string, readonly FieldValue[]>>;

  constructor(views: OnDemandViews, columns: Readonly<Record<string, readonly FieldValue[]>>) {
    this.#views = views;
    this.#columns = columns;
  }

  requestField(place: number): FieldValue {
    return this.#columns[this.#views.requestFields[place]?.name ?? '']?.[this.row] ?? null;
  }

  storedFeature(view: number, place: number): FieldValue {
    const { ref, features } = this.#views.storedViews[view] ?? { ref: '', features: [] };
    return this.#columns[`${ref}:${features[place]?.name}`]?.[this.row] ?? null;
  }
}

test('each view comes after those it reads; fields and stored views of all of them are listed once', () => {
  const compiled = compile(CONSTANT);
  expect(compiled.views.map(({ name, requestOnly }) => [name, requestOnly])).toEqual([
    ['moment', true],
    ['offer', false],
    ['top', false],
  ]);
  expect(compiled.requestFields.map(({ name }) => name)).toEqual(['hour', 'bid']);
  expect(compiled.storedViews).toEqual([
    { ref: 'stats@2', name: 'stats', features: [float('clicks'), float('shown', 100)] },
    { ref: 'user@1', name: 'user', features: [float('age', 40)] },
  ]);
});

test('functions get exactly what their view declares, with defaults where a feature is missing', () => {
  const given: Record<string, OnDemandArguments> = {};
  const remember = (name: string) => (what: OnDemandArguments) => {
    given[name] = what;
    return CONSTANT[name]?.(what);
  };
  const views = compile({ moment: remember('moment'), offer: remember('offer'), top: remember('top') });
  const inputs = new Columns(views, {
    hour: [7],
    bid: [0.25],
    'stats@2:clicks': [null],
    'user@1:age': [null],
  });
  expect(createRowEvaluator(views, inputs).evaluate(false)).toBeNull();
  expect(given).toEqual({
    moment: { request: { hour: 7 }, features: {} },
    offer: {
      request: { bid: 0.25, hour: 7 },
      features: { stats: { clicks: null, shown: 100 }, moment: { night: 1, noon: 0.5 } },
    },
    top: { request: {}, features: { offer: { rate: 2 }, user: { age: 40 }, stats: { shown: 100 } } },
  });
});

test('a batch of columns returns a value for each row', () => {
  const views = compile({
    moment: ({ request }) => ({ noon: request['hour'] === 12 ? 1 : null, night: null }),
    offer: ({ request, features }) => ({
      rate: (request['bid'] as number) * ((features['stats']?.['clicks'] as number | null) ?? -1),
    }),
    top: ({ features }) => ({
      level: (features['offer']?.['rate'] as number) + (features['user']?.['age'] as number),
    }),
  });
  const inputs = new Columns(views, {
    hour: [11, 12, 13],
    bid: [2, 3, 4],
    'stats@2:clicks': [10, null, 30],
    'user@1:age': [1, 2, null],
  });
  const rows = createRowEvaluator(views, inputs);
  const noon = views.views[0]?.features[0] as OnDemandFeature;
  const gave = [0, 1, 2].map((row) => {
    inputs.row = row;
    expect(rows.evaluate(false)).toBeNull();
    return [onDemandValue(rows.results[0] ?? {}, noon), rows.results[2]?.['level']];
  });
  expect(gave).toEqual([
    [0.5, 21],
    [1, -1],
    [0.5, 160],
  ]);
});

test('rows that share their request share what depends on the request alone, unless it failed', () => {
  const calls: string[] = [];
  let fails = false;
  const views = compile({
    moment: () => {
      calls.push('moment');
      return fails ? null : { noon: 1, night: null };
    },
    offer: () => {
      calls.push('offer');
      return { rate: 1 };
    },
    top: () => ({ level: 1 }),
  });
  const rows = createRowEvaluator(views, new Columns(views, {}));
  const evaluated = (sameRequest: boolean) => {
    calls.length = 0;
    const error = rows.evaluate(sameRequest);
    return [error?.code ?? 'good', ...calls];
  };
  // there is no result before the first row
  expect(evaluated(true)).toEqual(['good', 'moment', 'offer']);
  expect(evaluated(true)).toEqual(['good', 'offer']);
  expect(rows.changed()).toBe(true);
  fails = true;
  expect(evaluated(false)).toEqual(['ON_DEMAND_FAILED', 'moment']);
  fails = false;
  expect(evaluated(true)).toEqual(['good', 'moment', 'offer']);
});

test('shared inputs: views that read nothing else are evaluated once, whatever the rows do', () => {
  const calls: string[] = [];
  let fails = false;
  const counted = (name: string, result: unknown) => () => {
    calls.push(name);
    return fails ? null : result;
  };
  const views = compile({
    moment: counted('moment', { noon: 1, night: null }),
    offer: counted('offer', { rate: 1 }),
    top: counted('top', { level: 1 }),
  });
  const requestFields = views.requestFields.map(() => true);
  const evaluated = (storedViews: boolean[], rows: boolean[]) => {
    const evaluator = createRowEvaluator(views, new Columns(views, {}), { requestFields, storedViews });
    calls.length = 0;
    return rows.map((failing, row) => {
      fails = failing;
      const error = evaluator.evaluate(false);
      return [row, error?.code ?? 'good', ...calls.splice(0), evaluator.changed()];
    });
  };
  // Everything is shared.
  expect(evaluated([true, true], [false, false])).toEqual([
    [0, 'good', 'moment', 'offer', 'top', true],
    [1, 'good', false],
  ]);
  // Only the user is: `offer` reads the statistics of an ad, and `top` reads `offer`.
  expect(evaluated([false, true], [false, true, false])).toEqual([
    [0, 'good', 'moment', 'offer', 'top', true],
    [1, 'ON_DEMAND_FAILED', 'offer', false],
    [2, 'good', 'offer', 'top', true],
  ]);
});

describe('a function that changes a vector or a time that it is given', () => {
  const vector = (name: string, fallback?: readonly number[]) =>
    ({ name, type: 'vector', length: 2, ...(fallback && { default: fallback }) }) as const;
  const stored = { seen: Float32Array.of(1, 2), unseen: null };
  const requested = { at: new Date(1_000), taste: Float32Array.of(5, 6) };
  const named = (name: string): OnDemandDefinition => ({
    name,
    request: [{ name: 'at', type: 'timestamp' }, vector('taste')],
    inputs: [{ view: 'user', version: 1, features: ['seen', 'unseen'] }],
    schema: [vector('given')],
  });
  const third: OnDemandDefinition = {
    ...named('third'),
    inputs: [
      { view: 'first', version: null, features: ['given'] },
      { view: 'second', version: null, features: ['given'] },
    ],
  };
  const definitions = { first: named('first'), second: named('second'), third };
  const saw: string[] = [];
  const change = ({ request, features }: OnDemandArguments) => {
    const { at, taste } = request as typeof requested;
    const vectors = [
      taste,
      ...Object.values(features).flatMap((view) => Object.values(view) as Float32Array[]),
    ];
    saw.push(`${at.getTime()} ${vectors.map((values) => values.join()).join(' ')}`);
    at.setTime(0);
    for (const values of vectors) values.fill(9);
    return { given: Float32Array.of(7, 8) };
  };
  const views = compileOnDemandViews({
    inputs: [{ view: 'third', version: null, features: ['given'] }],
    manifest: {
      feature_views: { 'user@1': { schema: [vector('seen'), vector('unseen', [3, 4])] } },
      on_demand_feature_views: definitions,
    },
    functionOf: () => ({ compute: change }),
  });
  const inputs: OnDemandInputs = {
    requestField: (place) => requested[views.requestFields[place]?.name as 'at' | 'taste'],
    storedFeature: (_, place) => {
      const value = stored[views.storedViews[0]?.features[place]?.name as 'seen' | 'unseen'];
      // The store decodes it for every reader.
      return value && value.slice();
    },
  };
  const READ = ['1000 5,6 1,2 3,4', '1000 5,6 1,2 3,4', '1000 5,6 7,8 7,8'];

  test.each([
    ['alone', null],
    ['of rows that share both', { requestFields: [true, true], storedViews: [true] }],
    ['of rows that share the stored one', { requestFields: [true, false], storedViews: [true] }],
    ['of rows that share the request', { requestFields: [true, true], storedViews: [false] }],
  ])('changes it for itself only: %s', (_, shared) => {
    saw.length = 0;
    const evaluator = createRowEvaluator(views, inputs, shared);
    const isOnce =
      shared !== null && shared.requestFields.every(Boolean) && shared.storedViews.every(Boolean);
    for (let row = 0; row < 3; row++) expect(evaluator.evaluate(false)).toBeNull();
    expect(saw).toEqual(isOnce ? READ : [...READ, ...READ, ...READ]);
    expect(evaluator.results.at(-1)).toEqual({ given: Float32Array.of(7, 8) });
    expect(evaluator.results[0]).toEqual({ given: Float32Array.of(7, 8) });
  });
});

test('a row has the results of the row before it when every view depends on the request alone', () => {
  const views = compile(CONSTANT, [{ view: 'moment', version: null, features: ['night'] }]);
  const rows = createRowEvaluator(views, new Columns(views, {}));
  const changed = [false, true, false].map((sameRequest) => (rows.evaluate(sameRequest), rows.changed()));
  expect(changed).toEqual([true, false, true]);
});

test.each([
  [() => null, /^The on-demand feature view moment did not return an object of features\.$/],
  [() => 7, /did not return an object/],
  [
    () => ({ noon: 1 }),
    /^The on-demand feature moment:night must be a number, not undefined; return null for no value\.$/,
  ],
  [() => ({ noon: 'late', night: 1 }), /^The on-demand feature moment:noon must be a number, not string/],
  [async () => ({ noon: 1, night: 1 }), /moment:noon must be a number/],
])('a result that does not fit is refused: %s', (compute, message) => {
  const views = compile({ ...CONSTANT, moment: compute });
  const outcome = evaluate(views.views[0] as never, new Columns(views, {}), { earlier: [], shared: null });
  expect(outcome).toBeInstanceOf(LarderError);
  expect(outcome).toMatchObject({ code: 'ON_DEMAND_FAILED', message: expect.stringMatching(message) });
});

test('an error thrown by a function is the cause, and not in the message', () => {
  const cause = new Error('the secret of the function');
  const views = compile({
    ...CONSTANT,
    moment() {
      throw cause;
    },
  });
  const outcome = evaluate(views.views[0] as never, new Columns(views, {}), {
    earlier: [],
    shared: null,
  }) as LarderError;
  expect(outcome.cause).toBe(cause);
  expect(outcome.message).toBe('The on-demand feature view moment threw; the log has the cause.');
});

test.each([
  [
    'an async function',
    async () => {
      throw new Error('later');
    },
    'The on-demand feature moment:noon must be a number, not undefined; return null for no value.',
  ],
  [
    'a getter that throws',
    () => ({
      noon: 1,
      get night() {
        throw new Error('not now');
      },
    }),
    'The on-demand feature view moment threw; the log has the cause.',
  ],
])('%s fails the row, not the process', (_, compute, message) => {
  const { views, ...rest } = compile({ ...CONSTANT, moment: compute });
  const evaluator = createRowEvaluator({ views, ...rest }, new Columns({ views, ...rest }, {}));
  expect(evaluator.evaluate(false)).toMatchObject({ code: 'ON_DEMAND_FAILED', message });
});
