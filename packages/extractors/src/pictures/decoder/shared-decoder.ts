import { createPictureDecoder, type PictureDecoder } from './picture-decoder.ts';

let shared: PictureDecoder | null = null;
let users = 0;

/** The thread's only decoder: the computations of a thread take turns anyway. Closed by its last user. */
export function openPictureDecoder(): PictureDecoder {
  const decoder = (shared ??= createPictureDecoder());
  users++;
  let open = true;
  return {
    decode: decoder.decode,
    close() {
      if (!open) return;
      open = false;
      users--;
      if (users > 0) return;
      shared = null;
      decoder.close();
    },
  };
}
