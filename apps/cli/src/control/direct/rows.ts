import { readLabel } from '@larder/contracts';
import { createLogger, systemClock } from '@larder/core';
import { takeLabels } from '@larder/offline-store';
import type { Session } from '../../session.ts';
import type { RowsControl } from '../control.ts';

/** Lands rows and labels from this process, by the use cases that the service calls too. */
export function directRows({ manifest, offlineStore, onlineStore }: Session): RowsControl {
  return {
    async push(name, rows) {
      const applied = await manifest();
      const deps = {
        offlineStore: await offlineStore(),
        onlineStore: await onlineStore(),
        clock: systemClock,
        logger: createLogger('larder', { level: 'silent' }),
      };
      if (Object.hasOwn(applied.event_sources ?? {}, name)) {
        const { pushEvents } = await import('@larder/materialization/events');
        const pushed = await pushEvents(deps, { manifest: applied, source: name, events: rows });
        return { ...pageOf(pushed), what: 'event', duplicates: pushed.duplicates };
      }
      const { pushRows } = await import('@larder/materialization/push');
      const pushed = await pushRows(deps, { manifest: applied, view: name, rows });
      return { ...pageOf(pushed), what: 'row', duplicates: 0 };
    },
    async takeLabels(labels) {
      const given = labels.map((label) => (isUnreadable(label) ? label : readLabel(label, '')));
      const options = { manifest: await manifest(), nowMs: systemClock.nowMs(), pointer: () => '' };
      return takeLabels(await offlineStore(), given, options);
    },
  };
}

type Label = Parameters<RowsControl['takeLabels']>[0][number];

function isUnreadable(label: Label): label is Extract<Label, { readonly errors: readonly object[] }> {
  return Array.isArray(label.errors);
}

function pageOf(pushed: {
  readonly accepted: number;
  readonly rejected: Awaited<ReturnType<RowsControl['push']>>['rejected'];
  readonly runId: string;
  readonly online: boolean;
}) {
  const { accepted, rejected, runId, online } = pushed;
  return { accepted, rejected, run_id: runId, online };
}
