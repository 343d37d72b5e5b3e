import { dirname, join, resolve } from 'node:path';

/** Where artifacts are kept, and their local copies. */
export interface ArtifactPlaces {
  /** `s3://…`; null: PostgreSQL. */
  readonly url: string | null;
  /** Absolute. */
  readonly cacheFolder: string;
}

/** The settings of the artifact store; local copies are in the project's state folder by default. */
export function artifactPlaces(
  settings: { readonly LARDER_ARTIFACTS_URL: string | null; readonly LARDER_CACHE_FOLDER: string | null },
  projectPath: string,
): ArtifactPlaces {
  return {
    url: settings.LARDER_ARTIFACTS_URL,
    cacheFolder: resolve(settings.LARDER_CACHE_FOLDER ?? join(dirname(projectPath), '.larder', 'cache')),
  };
}
