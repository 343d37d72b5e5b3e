import { createRandom, type Random } from '../src/random.ts';

/** One hidden layer: sigmoid(output · tanh(hidden · x + hiddenBias) + outputBias). */
export interface Network {
  readonly inputs: number;
  /** One row of `inputs` weights per hidden unit. */
  readonly hidden: readonly Float64Array[];
  readonly hiddenBias: Float64Array;
  readonly output: Float64Array;
  readonly outputBias: number;
}

export interface Examples {
  readonly count: number;
  readonly clicked: Uint8Array;
  /** Writes the inputs of one example. */
  read(index: number, into: Float64Array): void;
}

export interface NetworkOptions {
  readonly inputs: number;
  readonly hiddenUnits: number;
  readonly epochs: number;
  readonly learningRate: number;
  /** Decoupled weight decay per step, as a share of the learning rate. */
  readonly weightDecay: number;
  readonly onEpoch?: (epoch: number, logLoss: number) => void;
}

const BATCH = 256;

/** Trains by Adam with decoupled weight decay (Loshchilov and Hutter, ICLR 2019); the same examples give the same network. */
export function trainNetwork(examples: Examples, options: NetworkOptions): Network {
  const { inputs, hiddenUnits } = options;
  const random = createRandom('network');
  const hiddenSize = hiddenUnits * inputs;
  // All parameters in one array: hidden weights, hidden biases, output weights, output bias.
  const size = hiddenSize + hiddenUnits + hiddenUnits + 1;
  const parameters = new Float64Array(size);
  for (let at = 0; at < hiddenSize; at += 1) parameters[at] = random.normal() / Math.sqrt(inputs);
  for (let unit = 0; unit < hiddenUnits; unit += 1)
    parameters[hiddenSize + hiddenUnits + unit] = 0.1 * random.normal();
  parameters[size - 1] = Math.log(clickShare(examples) / (1 - clickShare(examples)));
  const step = adam(parameters, {
    decayed: hiddenSize,
    options,
    steps: Math.ceil(examples.count / BATCH) * options.epochs,
  });
  const gradient = new Float64Array(size);
  const order = Uint32Array.from({ length: examples.count }, (_, index) => index);
  const input = new Float64Array(inputs);
  const activation = new Float64Array(hiddenUnits);
  for (let epoch = 1; epoch <= options.epochs; epoch += 1) {
    shuffle(order, random);
    let loss = 0;
    for (let start = 0; start < order.length; start += BATCH) {
      gradient.fill(0);
      const batch = order.subarray(start, start + BATCH);
      for (const index of batch) {
        examples.read(index, input);
        loss += addGradient({ parameters, gradient, input, activation }, examples.clicked[index] ?? 0);
      }
      step(gradient, batch.length);
    }
    options.onEpoch?.(epoch, loss / order.length);
  }
  return networkOf(parameters, inputs, hiddenUnits);
}

/** The network's probability for one input, in float64. */
export function score(network: Network, input: Float64Array): number {
  let logit = network.outputBias;
  for (let unit = 0; unit < network.hidden.length; unit += 1) {
    const weights = network.hidden[unit] as Float64Array;
    let sum = network.hiddenBias[unit] as number;
    for (let column = 0; column < weights.length; column += 1) {
      sum += (weights[column] as number) * (input[column] as number);
    }
    logit += (network.output[unit] as number) * Math.tanh(sum);
  }
  return 1 / (1 + Math.exp(-logit));
}

interface Workspace {
  readonly parameters: Float64Array;
  readonly gradient: Float64Array;
  readonly input: Float64Array;
  readonly activation: Float64Array;
}

/** Adds one example's gradient of the log loss, and returns the loss. */
function addGradient({ parameters, gradient, input, activation }: Workspace, clicked: number): number {
  const inputs = input.length;
  const units = activation.length;
  const biasAt = units * inputs;
  const outputAt = biasAt + units;
  let logit = parameters[outputAt + units] as number;
  for (let unit = 0; unit < units; unit += 1) {
    let sum = parameters[biasAt + unit] as number;
    const from = unit * inputs;
    for (let column = 0; column < inputs; column += 1) {
      sum += (parameters[from + column] as number) * (input[column] as number);
    }
    activation[unit] = Math.tanh(sum);
    logit += (parameters[outputAt + unit] as number) * (activation[unit] as number);
  }
  const probability = 1 / (1 + Math.exp(-logit));
  const error = probability - clicked;
  gradient[outputAt + units] = (gradient[outputAt + units] as number) + error;
  for (let unit = 0; unit < units; unit += 1) {
    const active = activation[unit] as number;
    const back = error * (parameters[outputAt + unit] as number) * (1 - active * active);
    gradient[outputAt + unit] = (gradient[outputAt + unit] as number) + error * active;
    gradient[biasAt + unit] = (gradient[biasAt + unit] as number) + back;
    const from = unit * inputs;
    for (let column = 0; column < inputs; column += 1) {
      gradient[from + column] = (gradient[from + column] as number) + back * (input[column] as number);
    }
  }
  return -Math.log(clicked ? probability : 1 - probability);
}

/** One Adam step per call; the learning rate falls along a cosine to zero. */
function adam(
  parameters: Float64Array,
  {
    decayed,
    options,
    steps,
  }: { readonly decayed: number; readonly options: NetworkOptions; readonly steps: number },
): (gradient: Float64Array, batch: number) => void {
  const first = new Float64Array(parameters.length);
  const second = new Float64Array(parameters.length);
  let taken = 0;
  return (gradient, batch) => {
    const rate = options.learningRate * (0.5 + 0.5 * Math.cos((Math.PI * taken) / steps));
    taken += 1;
    const [correctFirst, correctSecond] = [1 - 0.9 ** taken, 1 - 0.999 ** taken];
    for (let at = 0; at < parameters.length; at += 1) {
      const slope = (gradient[at] as number) / batch;
      first[at] = 0.9 * (first[at] as number) + 0.1 * slope;
      second[at] = 0.999 * (second[at] as number) + 0.001 * slope * slope;
      const move =
        (first[at] as number) / correctFirst / (Math.sqrt((second[at] as number) / correctSecond) + 1e-8);
      const decay = at < decayed ? options.weightDecay * (parameters[at] as number) : 0;
      parameters[at] = (parameters[at] as number) - rate * (move + decay);
    }
  };
}

function networkOf(parameters: Float64Array, inputs: number, units: number): Network {
  const biasAt = units * inputs;
  return {
    inputs,
    hidden: Array.from({ length: units }, (_, unit) => parameters.slice(unit * inputs, (unit + 1) * inputs)),
    hiddenBias: parameters.slice(biasAt, biasAt + units),
    output: parameters.slice(biasAt + units, biasAt + 2 * units),
    outputBias: parameters[biasAt + 2 * units] as number,
  };
}

function clickShare({ clicked, count }: Examples): number {
  return clicked.reduce((sum, value) => sum + value, 0) / count;
}

/** Fisher-Yates, in place. */
function shuffle(order: Uint32Array, random: Random): void {
  for (let at = order.length - 1; at > 0; at -= 1) {
    const other = random.int(0, at);
    const kept = order[at] as number;
    order[at] = order[other] as number;
    order[other] = kept;
  }
}
