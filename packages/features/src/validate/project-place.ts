/** What the definitions are checked against. */
export interface ProjectPlace {
  /** The folder of larder.config.ts. */
  readonly root: string;
  /** The artifact of a model may still be on its way here. */
  readonly modelsMayBeAbsent: boolean;
}
