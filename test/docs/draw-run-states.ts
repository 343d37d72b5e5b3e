import { readFileSync, writeFileSync } from 'node:fs';
import { PAGE, withPictures } from './run-states.ts';

writeFileSync(PAGE, withPictures(readFileSync(PAGE, 'utf8')));
