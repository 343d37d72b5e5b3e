import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

export interface Certificate {
  readonly certificateFile: string;
  readonly keyFile: string;
}

/** A certificate authority of a test, made by openssl. */
export interface TestAuthority {
  readonly caFile: string;
  /** `names` as in `subjectAltName`: `DNS:localhost,IP:127.0.0.1`. With -1 for `days` it expired yesterday. */
  issue(names: string, days?: number): Certificate;
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

/** `folder` must be new. */
export function createTestAuthority(folder: string): TestAuthority {
  mkdirSync(folder);
  const caFile = join(folder, 'ca.pem');
  const caKey = join(folder, 'ca.key');
  openssl(['req', '-x509', ...NEW_KEY, '-keyout', caKey, '-out', caFile, '-subj', '/CN=test', '-days', '2']);
  let issued = 0;
  return {
    caFile,
    issue(names, days = 1) {
      const base = join(folder, `server-${++issued}`);
      const [request, keyFile, certificateFile] = [`${base}.csr`, `${base}.key`, `${base}.pem`];
      const subject = ['-subj', '/CN=server', '-addext', `subjectAltName=${names}`];
      openssl(['req', ...NEW_KEY, '-keyout', keyFile, '-out', request, ...subject]);
      const by = ['-CA', caFile, '-CAkey', caKey, '-CAcreateserial', '-copy_extensions', 'copy'];
      openssl(['x509', '-req', '-in', request, ...by, '-days', String(days), '-out', certificateFile]);
      chmodSync(keyFile, 0o600);
      return { certificateFile, keyFile };
    },
  };
}

function openssl(args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: 'pipe' });
}
