import { formatDurationMs } from '@larder/core';
import type { FieldManifest, JsonValue } from '@larder/features';
import { clip } from './table.ts';

const SHOWN_FLOATS = 4;

/** Formats a feature's value in at most `width` characters; a vector as its first values, length and norm. */
export function printableValue(field: FieldManifest | undefined, value: JsonValue, width: number): string {
  if (value === null) return 'null';
  if (field?.type === 'vector' && Array.isArray(value)) return printableVector(value as number[]);
  if (typeof value === 'number') return printableNumber(value);
  if (typeof value === 'string' && (field?.type === 'int64' || field?.type === 'timestamp')) return value;
  return clip(withoutControls(JSON.stringify(value)), width);
}

function printableVector(floats: readonly number[]): string {
  const first = floats.slice(0, SHOWN_FLOATS).map((float) => float.toPrecision(3));
  const norm = Math.hypot(...floats);
  return `[${first.join(', ')}${floats.length > SHOWN_FLOATS ? ', …' : ''}]  ${floats.length} floats, norm ${norm.toPrecision(4)}`;
}

function printableNumber(value: number): string {
  return Number.isSafeInteger(value) ? String(value) : String(Number(value.toPrecision(9)));
}

/** Removes control characters: values from a source must not control the terminal. */
export function withoutControls(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replaceAll(/[\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '�');
}

export function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ');
}

/** `2026-11-20 09:30:00.123 UTC` */
export function printableInstant(iso: string): string {
  return `${iso.replace('T', ' ').replace('Z', '')} UTC`;
}

/** `8s old`, or `in 2m 5s` for a future time. */
export function printableAge(ms: number): string {
  return ms < 0 ? `in ${formatDurationMs(-ms)}` : `${formatDurationMs(ms)} old`;
}

/** `8s ago`, or `in 2m 5s` for a future time. */
export function printableAgo(ms: number): string {
  return ms < 0 ? `in ${formatDurationMs(-ms)}` : `${formatDurationMs(ms)} ago`;
}

/** Formats like 1,234,567, whatever the system's language. */
export function printableCount(count: number): string {
  return count.toLocaleString('en-US', { maximumFractionDigits: 1 });
}

const UNITS = ['B', 'KB', 'MB', 'GB', 'TB'] as const;

export function printableBytes(bytes: number): string {
  const exponent = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  const value = bytes / 1_000 ** exponent;
  return `${value < 10 && exponent > 0 ? value.toFixed(1) : Math.round(value)} ${UNITS[exponent]}`;
}
