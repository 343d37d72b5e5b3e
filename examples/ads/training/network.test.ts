import { expect, test } from 'vitest';
import { createRandom } from '../src/random.ts';
import { score, trainNetwork, type Examples } from './network.ts';

/** Clicks where both inputs have the same sign: no linear model can tell. */
function sameSign(count: number): Examples & { readonly inputs: readonly Float64Array[] } {
  const random = createRandom('same sign');
  const inputs = Array.from({ length: count }, () => Float64Array.of(random.normal(), random.normal()));
  return {
    inputs,
    count,
    clicked: Uint8Array.from(inputs, ([x = 0, y = 0]) => (x * y > 0 ? 1 : 0)),
    read: (index, into) => into.set(inputs[index] ?? []),
  };
}

const options = { inputs: 2, hiddenUnits: 8, epochs: 30, learningRate: 0.02, weightDecay: 0 };

test('learns what needs a hidden layer, and the same network every time', () => {
  const examples = sameSign(3_000);
  const network = trainNetwork(examples, options);
  const right = examples.inputs.filter(
    (input, at) => score(network, input) > 0.5 === (examples.clicked[at] === 1),
  );
  expect(right.length / examples.count).toBeGreaterThan(0.95);
  expect(trainNetwork(examples, options)).toEqual(network);
});
