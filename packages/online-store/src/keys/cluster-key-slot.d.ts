/** 1.1.1 comes without types. */
declare module 'cluster-key-slot' {
  /** Slot of a key. Given as bytes: its own encoding of text is wrong beyond U+FFFF. */
  export default function calculateSlot(key: Buffer): number;
}
