export { imageFeatures } from './pictures/image-features.ts';
export type { ImageFeaturesOptions } from './pictures/image-features.ts';
export { textInPictures } from './text-in-pictures/text-in-pictures.ts';
export type { TextInPicturesOptions } from './text-in-pictures/text-in-pictures.ts';
export { sentiment } from './text/sentiment.ts';
export type { SentimentOptions } from './text/sentiment.ts';
export { textEmbedding } from './text/text-embedding.ts';
export type { TextEmbeddingOptions } from './text/text-embedding.ts';
