import { z } from 'zod';

const MESSAGE = 'must be a whole number from 1';

/** An option such as `--limit 10`. */
export const positiveWhole = z.coerce.number(MESSAGE).pipe(z.int(MESSAGE).min(1, MESSAGE));

const PORT_MESSAGE = 'must be a port from 1 to 65535';

/** An option such as `--port 7000`. */
export const portNumber = z.coerce
  .number(PORT_MESSAGE)
  .pipe(z.int(PORT_MESSAGE).min(1, PORT_MESSAGE).max(65_535, PORT_MESSAGE));
