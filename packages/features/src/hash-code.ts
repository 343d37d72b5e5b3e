import { createHash } from 'node:crypto';
import { build, transformSync } from 'esbuild';
import type { OnDemandFeatureView } from './on-demand-feature-view.ts';

/** SHA-256 (hex) of the minified bundle of a module and the project's own files that it imports; packages stay out. */
export async function hashModule(path: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [path],
    bundle: true,
    write: false,
    minify: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    legalComments: 'none',
    logLevel: 'silent',
  });
  return sha256(outputFiles.map((file) => file.text).join('\n'));
}

export function hashOnDemand(view: OnDemandFeatureView): string {
  return sha256(
    transformSync(`export default ${view.compute.toString()}`, { minify: true, loader: 'js' }).code,
  );
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
