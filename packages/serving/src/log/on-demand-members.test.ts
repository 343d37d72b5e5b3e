import { expect, test } from 'vitest';
import { LoggedOnDemand } from './on-demand-members.ts';

const feature = (name: string, type: string, defaultValue: unknown = null) => ({
  name,
  field: { name, type },
  defaultValue,
});
const plan = {
  onDemand: {
    views: [
      {
        name: 'offer',
        features: [feature('bid', 'float32', 0.5), feature('at', 'timestamp'), feature('near', 'vector')],
      },
      { name: 'moment', features: [feature('hour', 'float64', 12)] },
    ],
  },
} as unknown as ConstructorParameters<typeof LoggedOnDemand>[0];

test('a function may reuse what it returned: the log keeps the values of its row', () => {
  const offer = { bid: Math.fround(0.031), at: new Date(0), near: Float32Array.of(1, 2) };
  const logged = new LoggedOnDemand(plan, [offer, { hour: 9 }]);
  offer.bid = 7;
  offer.at.setTime(1);
  offer.near[0] = 7;
  const { members } = logged;
  expect(members).toEqual({
    offer: { bid: 0.031, at: '1970-01-01T00:00:00.000Z', near: [1, 2] },
    moment: { hour: 9 },
  });
  expect(logged.members).toBe(members);
  expect(logged.defaults).toEqual([]);
});

test('defaults take the place of nulls, and are named', () => {
  const logged = new LoggedOnDemand(plan, [{ bid: null, at: null, near: null }, { hour: null }]);
  expect(logged.members).toEqual({ offer: { bid: 0.5, at: null, near: null }, moment: { hour: 12 } });
  expect(logged.defaults).toEqual(['offer:bid', 'moment:hour']);
});
