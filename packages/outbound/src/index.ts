export { createOutbound } from './create-outbound.ts';
export type { Fetched, FetchOptions, Outbound, OutboundOptions } from './create-outbound.ts';
export { OutboundError } from './outbound-error.ts';
export type { OutboundReason } from './outbound-error.ts';
export type { Validators } from './validators.ts';
export { createPoster } from './create-poster.ts';
export type { Posted, Poster, PosterOptions, PostingOptions } from './create-poster.ts';
