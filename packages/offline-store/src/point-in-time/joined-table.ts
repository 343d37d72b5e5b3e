import { viewRef, type EventSourceManifest } from '@larder/features';
import { eventTable } from '../events/event-table.ts';
import { historyTable } from '../history/history-table.ts';
import type { PartitionedTable } from '../partitions/partitions.ts';
import type { JoinedView, PointInTimeJoin } from './point-in-time.ts';

/** The table that a join reads for a view: its history, or the events of its source. */
export function joinedTable(
  join: Pick<PointInTimeJoin, 'project'>,
  joined: Pick<JoinedView, 'view'>,
): PartitionedTable {
  return joined.view.windowed === undefined
    ? historyTable(join.project, joined.view)
    : eventTable(join.project.project, joinedEvents(join, joined));
}

/** The event source of a windowed view. */
export function joinedEvents(
  { project }: Pick<PointInTimeJoin, 'project'>,
  { view }: Pick<JoinedView, 'view'>,
): EventSourceManifest {
  const source = project.event_sources?.[view.windowed?.event_source ?? ''];
  if (source === undefined) throw new Error(`The manifest has ${viewRef(view)} but not its event source.`);
  return source;
}
