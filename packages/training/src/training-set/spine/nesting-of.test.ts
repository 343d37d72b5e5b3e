import { expect, test } from 'vitest';
import { nestingOf } from './nesting-of.ts';

test.for([
  ['BIGINT', 0],
  ['FLOAT[512]', 1],
  ['INTEGER[][][]', 3],
  ['STRUCT(a INTEGER[])[]', 3],
  ['STRUCT(a INTEGER[][], b VARCHAR)', 3],
  ['STRUCT(a VARCHAR, b MAP(VARCHAR, INTEGER[]))', 3],
  ['STRUCT("([[" INTEGER, "a""(" INTEGER)', 1],
] as const)('%s is %i levels deep', ([type, levels]) => {
  expect(nestingOf(type)).toBe(levels);
});
