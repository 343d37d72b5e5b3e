import type { PredictInput, PredictOutput } from 'larderjs';
import type { warmth } from './larder.config.ts';

// A client of the model asks for exactly its join keys, and reads exactly its outputs.
export const input: PredictInput<typeof warmth> = { entities: { photo_id: 'red.png' } };
export const output: PredictOutput<typeof warmth> = { warm: 0.5 };
// @ts-expect-error: the key of another entity
export const stranger: PredictInput<typeof warmth> = { entities: { ad_id: 'red.png' } };
