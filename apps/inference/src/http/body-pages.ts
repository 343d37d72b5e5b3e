/**
 * A body that arrives in parts, in its own memory, which grows in place and is returned to the operating system the
 * moment it is freed. Keeping the parts as they arrive, 64 KiB each between smaller allocations, leaves holes in
 * malloc's heap that the process never returns: 1.6 GiB of aborted bodies stayed resident.
 */
export interface BodyPages {
  /** @throws RangeError when there is no memory */
  append(part: Uint8Array): void;
  /** Valid until `free`. */
  bytes(): Buffer;
  free(): void;
}

/** @throws RangeError when there is no address space */
export function createBodyPages(maxBytes: number): BodyPages {
  const pages = new ArrayBuffer(0, { maxByteLength: maxBytes });
  return {
    append(part) {
      const at = pages.byteLength;
      pages.resize(at + part.length);
      new Uint8Array(pages).set(part, at);
    },
    bytes: () => Buffer.from(pages, 0, pages.byteLength),
    free: () => pages.resize(0),
  };
}
