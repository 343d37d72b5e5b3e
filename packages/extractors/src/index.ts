export { imageFeatures } from './pictures/image-features.ts';
export type { ImageFeaturesOptions } from './pictures/image-features.ts';
export { textInPictures } from './text-in-pictures/text-in-pictures.ts';
export type { TextInPicturesOptions } from './text-in-pictures/text-in-pictures.ts';
