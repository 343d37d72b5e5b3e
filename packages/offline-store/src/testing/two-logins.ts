import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import pg from 'pg';

const ROLES = new URL('../../../../infra/postgresql/roles.sql', import.meta.url);

export interface TwoLogins {
  readonly ownerUrl: string;
  readonly runtimeUrl: string;
  /** Name of the runtime login. */
  readonly runtime: string;
}

/** Gives a database the two logins of `infra/postgresql/roles.sql`; roles belong to the whole server, so their names are the test's own. */
export async function splitLogins(databaseUrl: string): Promise<TwoLogins> {
  const suffix = randomBytes(4).toString('hex');
  const [owner, runtime] = [`larder_owner_${suffix}`, `larder_app_${suffix}`];
  await runRoles(databaseUrl, owner, runtime);
  return { ownerUrl: as(databaseUrl, owner), runtimeUrl: as(databaseUrl, runtime), runtime };
}

async function runRoles(databaseUrl: string, owner: string, runtime: string): Promise<void> {
  const file = await readFile(ROLES, 'utf8');
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const named = file.replaceAll('larder_owner', owner).replaceAll('larder_app', runtime);
    await client.query(named);
    // Repeatable.
    await client.query(named);
  } finally {
    await client.end();
  }
}

function as(databaseUrl: string, role: string): string {
  return databaseUrl.replace(/^postgresql:\/\/[^@]*@/, `postgresql://${role}@`);
}
