/** Surroundings that the definitions are checked against. */
export interface ProjectPlace {
  /** The folder of larder.config.ts. */
  readonly root: string;
  /** The folders of artifacts may be missing. */
  readonly artifactsMayBeAbsent: boolean;
}
