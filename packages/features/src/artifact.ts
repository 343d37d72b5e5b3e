/** A folder relative to the project: `model.onnx`, `golden.json`, `background.json`; addressed by its content's hash. */
export interface Artifact {
  readonly kind: 'artifact';
  readonly path: string;
}

export function artifact(path: string): Artifact {
  return { kind: 'artifact', path };
}
