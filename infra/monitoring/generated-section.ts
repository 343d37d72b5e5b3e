/** A page with what is between `<!-- name -->` and `<!-- end: name -->` replaced. */
export function withSection(page: string, name: string, text: string): string {
  const [start, end] = [`<!-- ${name} -->\n`, `<!-- end: ${name} -->`];
  const from = page.indexOf(start);
  const to = page.indexOf(end);
  if (from < 0 || to < from) throw new Error(`The page has no section ${start.trim()}.`);
  return `${page.slice(0, from)}${start}${text}${page.slice(to)}`;
}
