import { SETTINGS } from '@larder/core/config';
import { z } from 'zod';

const MESSAGE = 'must be a whole number from 1';

/** An option such as `--limit 10`. */
export const positiveWhole = z.coerce.number(MESSAGE).pipe(z.int(MESSAGE).min(1, MESSAGE));

/** An option such as `--port 7000`; as `LARDER_PORT`, 0 is any free port. */
export const portNumber = SETTINGS.LARDER_PORT.schema;
