import type { AuditAnswer } from '@larder/contracts';
import type { Output } from '../output/output.ts';
import { printableInstant, withoutControls } from '../output/printable.ts';
import { table } from '../output/table.ts';

export function printAudit({ entries, cursor }: AuditAnswer, out: Output): void {
  if (entries.length === 0) return out.note('The audit has no such entry.');
  const rows = entries.map((entry) => [
    printableInstant(entry.at),
    entry.actor,
    entry.action,
    entry.subject,
    changeOf(entry),
    entry.request_id ?? '',
  ]);
  const columns = [
    { title: 'at' },
    { title: 'actor', max: 32 },
    { title: 'action' },
    { title: 'subject', max: 48 },
    { title: 'change', max: 40 },
    { title: 'request' },
  ];
  const printable = rows.map((row) => row.map(withoutControls));
  for (const line of table(columns, printable)) out.line(out.fit(line));
  if (cursor !== null) out.note(`There are older entries: --cursor ${cursor}`);
}

function changeOf({ outcome, code, calls, before, after }: AuditAnswer['entries'][number]): string {
  if (outcome === 'refused') return calls === 1 ? `refused: ${code}` : `refused: ${code} (${calls} calls)`;
  if (before === null) return after ?? '';
  return `${before} → ${after ?? 'nothing'}`;
}
