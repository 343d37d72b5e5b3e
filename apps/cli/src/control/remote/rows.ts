import type { EventsAnswer, LabelsAnswer, PushAnswer } from '@larder/contracts';
import { isLarderError, newId, type ErrorCode } from '@larder/core';
import type { PushedPage, RowsControl } from '../control.ts';
import type { ServiceClient } from './service-client.ts';

/** Lands rows and labels in the service. A key that may push needs to read nothing. */
export function remoteRows(client: ServiceClient): RowsControl {
  const isEventSource = new Map<string, boolean>();
  const pushRows: RowsControl['push'] = async (name, rows) => {
    const { status, body } = await client.send<PushAnswer>(
      'POST',
      `/v1/views/${encodeURIComponent(name)}/push`,
      {
        body: { rows },
        headers: { 'idempotency-key': newId() },
        repeatable: true,
        members: ['accepted', 'rejected', 'run_id'],
      },
    );
    return { ...pageOf(body, status), what: 'row', duplicates: 0 };
  };
  const pushEvents: RowsControl['push'] = async (name, events) => {
    const { status, body } = await client.send<EventsAnswer>(
      'POST',
      `/v1/events/${encodeURIComponent(name)}`,
      {
        body: { events },
        headers: { 'idempotency-key': newId() },
        repeatable: true,
        members: ['accepted', 'duplicates', 'rejected', 'run_id'],
      },
    );
    return { ...pageOf(body, status), what: 'event', duplicates: body.duplicates };
  };
  return {
    async push(name, rows) {
      if (isEventSource.get(name) === true) return pushEvents(name, rows);
      try {
        return await pushRows(name, rows);
      } catch (error) {
        if (!isLarderError(error) || error.code !== 'VIEW_NOT_FOUND' || name.includes('@')) throw error;
        const pushed = await pushEvents(name, rows).catch((other: unknown) => {
          throw isLarderError(other) && other.code === 'EVENT_SOURCE_NOT_FOUND' ? error : other;
        });
        isEventSource.set(name, true);
        return pushed;
      }
    },
    async takeLabels(labels) {
      const sent = labels.flatMap((label, index) => (Array.isArray(label.errors) ? [] : [{ label, index }]));
      const unread = labels.flatMap((label, index) =>
        Array.isArray(label.errors)
          ? [
              {
                index,
                code: 'REQUEST_INVALID' as const,
                errors: label.errors as LabelsAnswer['refused'][number]['errors'],
              },
            ]
          : [],
      );
      if (sent.length === 0) return { stored: 0, known: 0, refused: unread };
      // The events are known by their ids: sending them again changes nothing.
      const { body } = await client.send<LabelsAnswer>('POST', '/v1/labels', {
        body: { labels: sent.map(({ label }) => label) },
        repeatable: true,
        members: ['stored', 'known', 'refused'],
      });
      const refused = body.refused.map(({ index, code, errors }) => ({
        index: sent[index]?.index ?? index,
        code: code as ErrorCode,
        errors: errors.map((each) => ({ ...each, pointer: each.pointer.replace(/^\/labels\/\d+/, '') })),
      }));
      return { ...body, refused: [...unread, ...refused].toSorted((a, b) => a.index - b.index) };
    },
  };
}

function pageOf(
  { accepted, rejected, run_id }: Pick<PushAnswer, 'accepted' | 'rejected' | 'run_id'>,
  status: number,
): Omit<PushedPage, 'what' | 'duplicates'> {
  return { accepted, rejected, run_id, online: status === 200 };
}
