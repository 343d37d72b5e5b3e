/** Surroundings that the definitions are checked against. */
export interface ProjectPlace {
  /** The folder of larder.config.ts. */
  readonly root: string;
  /** Artifacts of models may be missing for now. */
  readonly modelsMayBeAbsent: boolean;
}
