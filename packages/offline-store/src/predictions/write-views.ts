import type { CopyWriter } from '../copy/copy-writer.ts';
import { writeNumber } from '../copy/plain-json.ts';
import type { PredictionView } from './prediction-record.ts';

/** Writes the pointers of a record as one jsonb array. */
export function writeViews(out: CopyWriter, views: readonly PredictionView[]): void {
  if (!out.jsonbBy(views, writeViewsJson)) out.jsonb(JSON.stringify(views.map(viewJson)));
}

function viewJson({ ref, status, eventTimestampMs, createdTimestampMs, revision }: PredictionView): object {
  return {
    ref,
    status,
    event_timestamp_ms: eventTimestampMs,
    created_timestamp_ms: createdTimestampMs,
    revision,
  };
}

const OPEN = 0x5b;
const COMMA = 0x2c;
const CLOSE_VIEW = 0x7d;
const CLOSE = 0x5d;
const CREATED = Buffer.from(',"created_timestamp_ms":');
const REVISION = Buffer.from(',"revision":');
const NO_ROW = Buffer.from('null,"created_timestamp_ms":null,"revision":null');
/** Everything of a view but its name and status. */
const VIEW_BYTES = 200;

function writeViewsJson(buffer: Buffer, start: number, views: readonly PredictionView[]): number {
  let at = start;
  buffer[at++] = OPEN;
  for (let v = 0; v < views.length; v++) {
    const { ref, status, eventTimestampMs, createdTimestampMs, revision } = views[v] as PredictionView;
    const head = headOf(ref, status);
    if (at + head.length + VIEW_BYTES > buffer.length) return -1;
    if (v > 0) buffer[at++] = COMMA;
    at = copied(buffer, at, head);
    if (eventTimestampMs === null || createdTimestampMs === null || revision === null)
      at = copied(buffer, at, NO_ROW);
    else {
      at = writeNumber(buffer, at, eventTimestampMs);
      at = copied(buffer, at, CREATED);
      at = writeNumber(buffer, at, createdTimestampMs);
      at = copied(buffer, at, REVISION);
      at = writeNumber(buffer, at, revision);
    }
    buffer[at++] = CLOSE_VIEW;
  }
  buffer[at] = CLOSE;
  return at + 1;
}

function copied(buffer: Buffer, at: number, bytes: Buffer): number {
  buffer.set(bytes, at);
  return at + bytes.length;
}

/** By status, then view: as few as the manifests have views. */
const heads = new Map<string, Map<string, Buffer>>();

/** The text of a view up to its first number. */
function headOf(ref: string, status: string): Buffer {
  let ofStatus = heads.get(status);
  if (ofStatus === undefined) heads.set(status, (ofStatus = new Map<string, Buffer>()));
  let head = ofStatus.get(ref);
  if (head === undefined)
    ofStatus.set(
      ref,
      (head = Buffer.from(`{"ref":${JSON.stringify(ref)},"status":"${status}","event_timestamp_ms":`)),
    );
  return head;
}
