// Checked by `tsc -p .`: an assertion that no longer holds, or an error that is no longer one, fails it.
import { f, type RowOf } from '@larder/features';
import { expectTypeOf } from 'vitest';
import { pushSource } from './definition.ts';

const comments = pushSource({ schema: { text: f.string(), likes: f.int64(), seen: f.vector(2) } });
expectTypeOf<RowOf<typeof comments>>().toEqualTypeOf<
  {
    readonly text: string | null;
    readonly likes: bigint | null;
    readonly seen: Float32Array | null;
  } & { readonly event_timestamp: Date; readonly created_timestamp: Date }
>();
