import { sentiment } from '@larder/extractors';
import { artifact, f, featureView, project } from '@larder/features';
import { pushSource, sqlSource } from '@larder/sources';
import { comment } from '../../../examples/comments/larder.config.ts';

const schema = { sentiment: f.float32(), positive: f.float32() };
const compute = sentiment({ model: artifact('../../../examples/comments/models/sentiment') });

/** The view of the comments example. */
export const commentSentiment = featureView('comment_sentiment', {
  version: 1,
  entity: comment,
  ttl: '90d',
  source: pushSource({ schema: { text: f.string() } }),
  compute,
  schema,
});

/** The same computation over a table: the backfill beside the pushes. */
export const archivedSentiment = featureView('archived_sentiment', {
  version: 1,
  entity: comment,
  ttl: 'forever',
  source: sqlSource({
    connection: 'shop',
    query: 'select comment_id, text, written_at as event_timestamp from comments',
    columns: { text: f.string() },
  }),
  compute,
  schema,
});

export { comment };
export default project('bench');
