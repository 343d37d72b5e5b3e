import { formatDurationMs } from '@larder/core';

/** An incident and what is told of it. */
export interface Notice {
  readonly noticeId: string;
  readonly event: 'opened' | 'resolved';
  readonly incidentId: string;
  readonly project: string;
  readonly kind: string;
  readonly subject: string;
  readonly since: Date;
  readonly detail: string;
  readonly next: string | null;
  readonly openedAt: Date;
  readonly resolvedAt: Date | null;
}

/** The body of a webhook: the same bytes at every attempt. `text` is what chats show. */
export function noticeBody(notice: Notice): string {
  const { event, openedAt, resolvedAt } = notice;
  return JSON.stringify({
    type: `incident.${event}`,
    timestamp: (event === 'opened' ? openedAt : (resolvedAt ?? openedAt)).toISOString(),
    text: textOf(notice),
    data: {
      incident_id: notice.incidentId,
      project: notice.project,
      kind: notice.kind,
      subject: notice.subject,
      since: notice.since.toISOString(),
      detail: notice.detail,
      next: notice.next,
      opened_at: openedAt.toISOString(),
      resolved_at: event === 'opened' ? null : (resolvedAt?.toISOString() ?? null),
    },
  });
}

function textOf({ event, project, kind, subject, detail, next, since, resolvedAt }: Notice): string {
  const what = `${project}: ${subject}: ${kind.replaceAll('_', ' ')}`;
  if (event === 'opened') return `${what}: ${detail}.${next === null ? '' : ` Next: ${next}`}`;
  const lastedMs = (resolvedAt?.getTime() ?? 0) - since.getTime();
  return `${what}: resolved after ${formatDurationMs(Math.max(1_000, lastedMs))}.`;
}
