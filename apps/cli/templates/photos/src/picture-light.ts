import { defineComputation, type RowOf } from 'larderjs';
import sharp from 'sharp';
import type { pictures } from '../larder.config.ts';

type Picture = RowOf<typeof pictures>;

// Returns one outcome per row, in the order of the rows. Slow work belongs here.
export default defineComputation((rows: readonly Picture[]) => Promise.all(rows.map(describePicture)));

async function describePicture({ path }: Picture) {
  try {
    const image = sharp(path);
    const { width, height } = await image.metadata();
    const { channels } = await image.removeAlpha().toColourspace('b-w').stats();
    const [light] = channels;
    if (light === undefined) throw new Error('it has no pixels');
    return {
      values: { brightness: light.mean / 255, contrast: light.stdev / 255, aspect: width / height },
    };
  } catch (error) {
    // Only the bad picture fails; `larder runs` lists it with this code and reason.
    const reason = error instanceof Error ? error.message : String(error);
    return { failure: { code: 'PICTURE_UNREADABLE', reason, retryable: false } };
  }
}
