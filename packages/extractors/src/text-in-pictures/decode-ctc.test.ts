import { expect, test } from 'vitest';
import { decodeCtc } from './decode-ctc.ts';

const CHARACTERS = ['A', 'B', ' '];
/** A step's probabilities of blank, A, B and space. */
const steps = (...rows: number[][]): Float32Array => Float32Array.from(rows.flat());
const BLANK = [0.9, 0.1, 0, 0];
const A = [0.2, 0.8, 0, 0];
const B = [0.4, 0, 0.6, 0];
const SPACE = [0, 0, 0, 1];

test('repeats are one letter, and two letters with a blank between them', () => {
  expect(decodeCtc(steps(A, A, BLANK, A, B, B), CHARACTERS).text).toBe('AAB');
});

test('the confidence is the mean of the letters, not of the blanks', () => {
  const { text, confidence } = decodeCtc(steps(BLANK, A, BLANK, B), CHARACTERS);
  expect(text).toBe('AB');
  expect(confidence).toBeCloseTo(0.7, 5);
});

test('spaces count as letters', () => {
  expect(decodeCtc(steps(A, SPACE, B), CHARACTERS).text).toBe('A B');
});

test('only blanks: empty text with confidence 0', () => {
  expect(decodeCtc(steps(BLANK, BLANK), CHARACTERS)).toEqual({ text: '', confidence: 0 });
  expect(decodeCtc(steps(), CHARACTERS)).toEqual({ text: '', confidence: 0 });
});
