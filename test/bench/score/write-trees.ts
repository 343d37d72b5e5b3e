import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSession } from '@larder/model-runtime';
import { buildOnnx } from '@larder/model-runtime/onnx';

export interface TreesOptions {
  /** `view:feature` in the order of the tensor. */
  readonly features: readonly string[];
  /** Columns of the tensor. */
  readonly width: number;
  readonly trees: number;
  readonly depth: number;
}

/** Gradient-boosted trees, as most models of tables are: full ones, whose thresholds spread the rows over all leaves. */
export async function writeTrees(folder: string, options: TreesOptions): Promise<void> {
  const { features, width, trees, depth } = options;
  const inner = 2 ** depth - 1;
  const nodes = Array.from({ length: trees }, (_, tree) =>
    Array.from({ length: 2 ** (depth + 1) - 1 }, (__, node) => ({ tree, node, isLeaf: node >= inner })),
  ).flat();
  const leaves = nodes.filter(({ isLeaf }) => isLeaf);
  const ints = (of: (node: (typeof nodes)[number]) => number) => ({ ints: nodes.map(of) });
  const model = buildOnnx({
    name: 'trees',
    inputs: [{ name: 'features', shape: ['N', width] }],
    outputs: [{ name: 'ctr', shape: ['N', 1] }],
    nodes: [
      {
        op: 'TreeEnsembleRegressor',
        domain: 'ai.onnx.ml',
        inputs: ['features'],
        outputs: ['ctr'],
        attributes: {
          n_targets: { int: 1 },
          post_transform: { string: 'LOGISTIC' },
          nodes_treeids: ints(({ tree }) => tree),
          nodes_nodeids: ints(({ node }) => node),
          nodes_featureids: ints(({ tree, node }) => (tree * 7 + node * 5) % width),
          nodes_modes: { strings: nodes.map(({ isLeaf }) => (isLeaf ? 'LEAF' : 'BRANCH_LEQ')) },
          nodes_values: { floats: nodes.map(({ tree, node }) => Math.sin(tree * 3 + node) / 2) },
          nodes_truenodeids: ints(({ node, isLeaf }) => (isLeaf ? 0 : 2 * node + 1)),
          nodes_falsenodeids: ints(({ node, isLeaf }) => (isLeaf ? 0 : 2 * node + 2)),
          nodes_missing_value_tracks_true: ints(() => 1),
          target_treeids: { ints: leaves.map(({ tree }) => tree) },
          target_nodeids: { ints: leaves.map(({ node }) => node) },
          target_ids: { ints: leaves.map(() => 0) },
          target_weights: { floats: leaves.map(({ tree, node }) => Math.cos(tree + node) / trees) },
        },
      },
    ],
    metadata: { 'larder.features': JSON.stringify(features) },
  });
  const path = join(folder, 'model.onnx');
  await mkdir(folder, { recursive: true });
  await writeFile(path, model);
  const rows = [0, 0.5, 1].map((value) => Array.from({ length: width }, () => value));
  const session = await createSession({ modelPath: path });
  const { ctr } = await session.run({
    features: { data: Float32Array.from(rows.flat()), dims: [rows.length, width] },
  });
  await session.close();
  const outputs = { ctr: [...(ctr?.data ?? [])] };
  await writeFile(
    join(folder, 'golden.json'),
    JSON.stringify({ format: 1, features, rows, outputs, tolerance: 1e-5 }),
  );
}
