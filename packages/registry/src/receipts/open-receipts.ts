import { createHash } from 'node:crypto';
import type { ReceiptPlace } from '@larder/materialization/erasure';
import { createS3Bucket } from '../artifacts/s3-bucket.ts';
import { receiptsInFolder } from './receipts-in-folder.ts';

/** No project has such a name. */
const CHECK = 'larder-doctor';

/** @param url the absolute path of a folder, or `s3://…`, as the setting was checked */
export function openReceipts(url: string): ReceiptPlace {
  return url.startsWith('s3://') ? receiptsInBucket(url) : receiptsInFolder(url);
}

function receiptsInBucket(url: string): ReceiptPlace {
  const bucket = createS3Bucket(url, {
    code: 'RECEIPTS_UNAVAILABLE',
    store: 'The store of receipts',
    setting: 'LARDER_RECEIPTS_URL',
    // Somebody waits for the answer.
    silenceMs: 5_000,
  });
  const write: ReceiptPlace['write'] = (project, name, text) => {
    const bytes = Buffer.from(text);
    return bucket.put(`${project}/${name}`, {
      sha256: createHash('sha256').update(bytes).digest('hex'),
      sizeBytes: bytes.length,
      async *open() {
        yield bytes;
      },
    });
  };
  async function* names(project: string): AsyncGenerator<string> {
    // Consoles of buckets show folders by an empty object, with the name of the folder.
    for await (const name of bucket.list(`${project}/`)) if (name !== '') yield name;
  }
  return {
    write,
    names,
    async check(project) {
      await write(CHECK, 'check', '');
      for await (const _ of names(project)) return;
    },
  };
}
