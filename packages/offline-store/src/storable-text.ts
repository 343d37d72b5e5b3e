/** Text as PostgreSQL can hold it: U+0000 and lone surrogates become U+FFFD. */
export function storableText(text: string): string {
  return text.replaceAll('\0', '\ufffd').toWellFormed();
}

const MAX_REASON_CHARACTERS = 2_000;

/** Why something failed, in words of strangers: storable, and short enough for a page of them. */
export function storableReason(reason: string): string {
  const short =
    reason.length > MAX_REASON_CHARACTERS ? `${reason.slice(0, MAX_REASON_CHARACTERS)} …` : reason;
  return storableText(short);
}
