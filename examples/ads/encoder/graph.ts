import { buildOnnx, type OnnxInitializer, type OnnxNode } from '@larder/model-runtime/onnx';
import { DESCRIPTOR } from './descriptor.ts';

/** The descriptor as an ONNX file: `pixels` float32 [N, 3, 256, 256] → `embedding` float32 [N, 512]. */
export function encoderOnnx(): Uint8Array {
  const { side, grid, orientations, scales, radius, luma, opponents, gain, length } = DESCRIPTOR;
  const nodes: OnnxNode[] = [];
  const initializers: Record<string, OnnxInitializer> = {
    luma: { shape: [1, 3, 1, 1], data: Float32Array.from(luma) },
    opponents: { shape: [2, 3, 1, 1], data: Float32Array.from(opponents.flat()) },
    pads: { shape: [8], data: BigInt64Array.from([0, 0, radius, radius, 0, 0, radius, radius], BigInt) },
    gabor: gaborPairs(),
    gain: { shape: [], data: Float32Array.of(gain) },
    one: { shape: [], data: Float32Array.of(1) },
    log_scale: { shape: [], data: Float32Array.of(1 / Math.log1p(gain)) },
  };
  const add = (
    op: string,
    inputs: string[],
    outputs: string[],
    attributes?: OnnxNode['attributes'],
  ): void => {
    nodes.push({ op, inputs, outputs, ...(attributes && { attributes }) });
  };
  const averagePool = (input: string, output: string, size: number): void =>
    add('AveragePool', [input], [output], {
      kernel_shape: { ints: [size, size] },
      strides: { ints: [size, size] },
    });

  add('Conv', ['pixels', 'luma'], ['level_0']);
  for (let scale = 0; scale < scales; scale++) {
    const named = (part: string): string => `${part}_${scale}`;
    if (scale > 0) averagePool(`level_${scale - 1}`, `level_${scale}`, 2);
    // Mirrored borders: zeros would add an edge around every picture.
    add('Pad', [named('level'), 'pads'], [named('padded')], { mode: { string: 'reflect' } });
    add('Conv', [named('padded'), 'gabor'], [named('waves')]);
    add('Mul', [named('waves'), named('waves')], [named('squares')]);
    add('Split', [named('squares')], [named('even'), named('odd')], { axis: { int: 1 } });
    add('Add', [named('even'), named('odd')], [named('power')]);
    add('Sqrt', [named('power')], [named('energy')]);
    averagePool(named('energy'), named('cells'), side / 2 ** scale / grid);
  }

  add(
    'Concat',
    Array.from({ length: scales }, (_, scale) => `cells_${scale}`),
    ['energies'],
    { axis: { int: 1 } },
  );
  add('Mul', ['energies', 'gain'], ['gained']);
  add('Add', ['gained', 'one'], ['shifted']);
  add('Log', ['shifted'], ['logarithms']);
  add('Mul', ['logarithms', 'log_scale'], ['texture']);
  averagePool('pixels', 'cell_colours', side / grid);
  add('Conv', ['cell_colours', 'opponents'], ['colour']);
  add('Concat', ['texture', 'colour'], ['channels'], { axis: { int: 1 } });
  add('Flatten', ['channels'], ['embedding']);

  return buildOnnx({
    name: 'gist_colour',
    inputs: [{ name: 'pixels', shape: ['N', 3, side, side] }],
    outputs: [{ name: 'embedding', shape: ['N', length] }],
    nodes,
    initializers,
    metadata: {
      'larder.picture': JSON.stringify({ fit: 'fill', mean: [0, 0, 0], std: [1, 1, 1] }),
      source: `Gabor-energy GIST (Oliva & Torralba 2001) with ${orientations} orientations and opponent colours; fixed kernels, nothing learned`,
      licence: 'Apache-2.0',
    },
  });
}

/** Kernels [2 × orientations, 1, k, k]: all cosine parts, then all sine parts. */
function gaborPairs(): OnnxInitializer {
  const { orientations, wavelength, sigma, radius } = DESCRIPTOR;
  const width = 2 * radius + 1;
  const area = width * width;
  const data = new Float32Array(2 * orientations * area);
  for (let orientation = 0; orientation < orientations; orientation++) {
    const angle = (Math.PI * orientation) / orientations;
    const cells = Array.from({ length: area }, (_, cell) => {
      const x = (cell % width) - radius;
      const y = Math.floor(cell / width) - radius;
      const phase = (2 * Math.PI * (x * Math.cos(angle) + y * Math.sin(angle))) / wavelength;
      return { envelope: Math.exp(-(x * x + y * y) / (2 * sigma * sigma)), phase };
    });
    const mass = cells.reduce((sum, cell) => sum + cell.envelope, 0);
    // Without this mean, the cosine part would respond to flat grey.
    const mean = cells.reduce((sum, cell) => sum + cell.envelope * Math.cos(cell.phase), 0) / mass;
    for (const [cell, { envelope, phase }] of cells.entries()) {
      data[orientation * area + cell] = (envelope * (Math.cos(phase) - mean)) / mass;
      data[(orientations + orientation) * area + cell] = (envelope * Math.sin(phase)) / mass;
    }
  }
  return { shape: [2 * orientations, 1, width, width], data };
}
