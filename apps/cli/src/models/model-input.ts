import { ALIAS_NAME } from '@larder/contracts';
import { parseDurationMs } from '@larder/core';
import { z } from 'zod';

const CHAMPION = 'champion';
const REFERENCE = /^([a-z][a-z0-9_]{0,39})@([1-9]\d{0,8})$/;

/** `ad_ctr@7` */
export const modelVersionInput = z
  .string()
  .regex(REFERENCE, 'must be a model with a version, such as ad_ctr@7')
  .transform((text) => {
    const [, model = '', version] = REFERENCE.exec(text) ?? [];
    return { model, version: Number(version) };
  });

/** `ad_ctr` or `ad_ctr@7` */
export const modelOrVersionInput = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,39}(@[1-9]\d{0,8})?$/, 'must be a model, such as ad_ctr, or a version: ad_ctr@7')
  .transform((text) => {
    const [model = '', version] = text.split('@');
    return { model, version: version === undefined ? null : Number(version) };
  });

export const aliasInput = z
  .string()
  .regex(ALIAS_NAME, 'must begin with a letter, and have only a-z, 0-9 and _, such as challenger')
  .default(CHAMPION);

export const reasonInput = z.string().trim().min(1, 'must not be empty').max(2_000);

/** How long to wait for processes; `0` does not wait. */
export const waitInput = z
  .string()
  .default('30s')
  .transform((text, context) => {
    if (text === '0') return 0;
    try {
      return parseDurationMs(text);
    } catch {
      context.addIssue("must be a duration, such as '30s', or 0");
      return z.NEVER;
    }
  });
