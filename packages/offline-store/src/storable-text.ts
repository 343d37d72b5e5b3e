/** Makes text storable in PostgreSQL: U+0000 and lone surrogates become U+FFFD. */
export function storableText(text: string): string {
  return text.replaceAll('\0', '\ufffd').toWellFormed();
}

const MAX_REASON_CHARACTERS = 2_000;

/** Makes an untrusted error text storable, and short enough to list many of them. */
export function storableReason(reason: string): string {
  const short =
    reason.length > MAX_REASON_CHARACTERS ? `${reason.slice(0, MAX_REASON_CHARACTERS)} …` : reason;
  return storableText(short);
}
