import { Readable } from 'node:stream';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cutCsv } from './cut-csv.ts';

const value = fc.constantFrom('1', '""', '"a\nb"', '"say ""hi""\n"', '"\n"', 'é');
const record = fc.tuple(value, value).map((values) => `${values.join(',')}\n`);

test('pieces hold whole records, in order, at most as many as asked, wherever the stream is cut', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(record, { maxLength: 20 }),
      fc.boolean(),
      fc.record({
        maxRows: fc.integer({ min: 1, max: 7 }),
        maxBytes: fc.integer({ min: 1, max: 100 }),
        chunkBytes: fc.integer({ min: 1, max: 30 }),
      }),
      async (records, endsWithNewline, { maxRows, maxBytes, chunkBytes }) => {
        const csv = Buffer.from(endsWithNewline ? records.join('') : records.join('').slice(0, -1));
        const chunks = Array.from({ length: Math.ceil(csv.length / chunkBytes) }, (_, at) =>
          csv.subarray(at * chunkBytes, (at + 1) * chunkBytes),
        );
        let at = 0;
        const seen: Buffer[] = [];
        for await (const { bytes, rows } of cutCsv(Readable.from(chunks), { maxRows, maxBytes })) {
          const piece = Buffer.concat(bytes);
          const expected = records.slice(at, at + rows).join('');
          expect([expected, expected.slice(0, -1)]).toContain(piece.toString());
          expect(rows).toBeGreaterThan(0);
          expect(rows).toBeLessThanOrEqual(maxRows);
          const withoutLast = records.slice(at, at + rows - 1).join('');
          expect(Buffer.byteLength(withoutLast)).toBeLessThan(maxBytes);
          at += rows;
          seen.push(piece);
        }
        expect(Buffer.concat(seen)).toEqual(csv);
        expect(at).toBe(records.length);
      },
    ),
  );
});
