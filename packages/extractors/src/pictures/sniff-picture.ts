export type PictureFormat = 'jpeg' | 'png' | 'gif' | 'webp' | 'avif';

/** Format by the first bytes, whatever the server or the address says; null when it is not a supported picture. */
export function sniffPicture(bytes: Buffer): PictureFormat | null {
  const ascii = bytes.toString('latin1', 0, 12);
  if (ascii.startsWith('\xff\xd8\xff')) return 'jpeg';
  if (ascii.startsWith('\x89PNG\r\n\x1a\n')) return 'png';
  if (/^GIF8[79]a/.test(ascii)) return 'gif';
  if (ascii.startsWith('RIFF') && ascii.endsWith('WEBP')) return 'webp';
  if (/^ftypavi[fs]$/.test(ascii.slice(4))) return 'avif';
  return null;
}

const OTHERS: readonly (readonly [RegExp, string])[] = [
  [/^\s*(?:<\?xml[^>]*>\s*)?(?:<!--[^]*?-->\s*)?(?:<!doctype svg[^>]*>\s*)?<svg[\s>]/i, 'an SVG'],
  [/^\s*<(?:!doctype html|html|head|body)/i, 'a web page'],
  [/^\s*<\?xml/i, 'an XML file'],
  [/^%PDF-/, 'a PDF'],
  [/^(?:II\*\0|MM\0\*|II\+\0|MM\0\+)/, 'a TIFF'],
  [/^....ftyp(?:hei|hev|mif1|msf1)/s, 'a HEIC'],
  [/^BM/, 'a BMP'],
  [/^....JXL /s, 'a JPEG XL'],
  [/^PK/, 'a ZIP file'],
  [/^\s*[[{]/, 'JSON'],
];

/** What an unsupported file seems to be, for the error message: 'an SVG', 'a web page'. */
export function guessContent(bytes: Buffer): string {
  const start = bytes.toString('latin1', 0, 1_024).replace(/^\xef\xbb\xbf/, '');
  return OTHERS.find(([pattern]) => pattern.test(start))?.[1] ?? 'something else';
}
