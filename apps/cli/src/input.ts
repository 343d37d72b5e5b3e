import { z } from 'zod';

const MESSAGE = 'must be a whole number from 1';

/** An option such as `--limit 10`. */
export const positiveWhole = z.coerce.number(MESSAGE).pipe(z.int(MESSAGE).min(1, MESSAGE));
