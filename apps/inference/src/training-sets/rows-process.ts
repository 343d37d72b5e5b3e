// The process that converts the rows of a training set and writes them to stdout, no faster than the service reads.
import { convertRows } from '@larder/training/rows';
import type { RowsJob } from './rows-job.ts';

// The service is gone, or the caller.
process.once('disconnect', () => process.exit(1));
process.once('SIGINT', () => {}); // a terminal sends it to the service too
process.once('message', (job) => {
  convertRows(process.stdout, job as RowsJob).then(
    () => process.stdout.write('', () => process.exit(0)),
    () => process.exit(1),
  );
});
