export { imageFeatures } from './pictures/image-features.ts';
export type { ImageFeaturesOptions } from './pictures/image-features.ts';
