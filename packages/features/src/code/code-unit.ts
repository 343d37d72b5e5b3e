/** The project's own code behind one definition: the function of an on-demand view, or the module of a computation. */
export interface CodeUnit {
  /** Names the code, with the algorithm: equal code has equal identities. */
  readonly identity: string;
  /** Bare hex, by the algorithm of releases before identities named theirs. */
  legacySha256(): Promise<string>;
  /** The modules of the project that the code reaches. */
  sources(): Promise<CodeSources>;
  /**
   * For on-demand views: one self-contained, minified ES module with the compute function as its default export.
   * @throws NATIVE_MODULE naming the imports that bring it
   */
  bundle(): Promise<string>;
}

/** Text of the modules that some code reaches: enough to compute its identity again. JSON-able. */
export interface CodeSources {
  readonly entry: CodeEntry;
  /** By path relative to the project's root, in the order in which they are evaluated. */
  readonly modules: Readonly<Record<string, string>>;
  /** Paths of imports that do not say where they lead (`#words`), by path of the module and import. */
  readonly aliases?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** Where the code begins. */
export interface CodeEntry {
  /** Of the module, relative to the project's root. */
  readonly path: string;
  /** Name of the on-demand view whose `compute` it is; null for the module's default export. */
  readonly onDemand: string | null;
  /** The export that makes the on-demand view; absent when its function is written in the module. */
  readonly export?: string;
}

/** The code of every definition that has some. */
export interface ProjectCode {
  /** By name. */
  readonly onDemand: ReadonlyMap<string, CodeUnit>;
  /** By reference: `ad_text@1`. */
  readonly computations: ReadonlyMap<string, CodeUnit>;
}
