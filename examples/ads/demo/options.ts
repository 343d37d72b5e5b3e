import { parseArgs } from 'node:util';

export interface DemoOptions {
  /** Run the example, check it, stop. */
  readonly once: boolean;
  readonly databaseUrl?: string;
  readonly redisUrl?: string;
  readonly port?: number;
}

const USAGE = `usage: npm run demo -- [--once] [--database-url URL] [--redis-url URL] [--port N]

Sets up everything, does the main job on the advertising example and keeps the stack up until Ctrl-C.

  --once              do the job, check it, stop; exit code 0 when all was right
  --database-url URL  use this empty PostgreSQL database instead of the embedded one
  --redis-url URL     use this Redis instead of the embedded one (redis://, rediss://, unix:///path)
  --port N            port for predictions [6570, or the next free one]`;

/** Ends the process for --help (0) and wrong usage (2). */
export function demoOptions(args: readonly string[]): DemoOptions {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        once: { type: 'boolean' },
        'database-url': { type: 'string' },
        'redis-url': { type: 'string' },
        port: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    if (values.help) {
      console.log(USAGE);
      process.exit(0);
    }
    return {
      once: values.once ?? false,
      ...(values['database-url'] !== undefined && { databaseUrl: values['database-url'] }),
      ...(values['redis-url'] !== undefined && { redisUrl: values['redis-url'] }),
      ...(values.port !== undefined && { port: portOf(values.port) }),
    };
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    process.exit(2);
  }
}

function portOf(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new Error(`--port is a number from 1 to 65535, not '${text}'.`);
  return port;
}
