import { artifact, entity, f, featureView, project } from '@larder/features';
import { textEmbedding } from '@larder/extractors';
import { sqlSource } from '@larder/sources';

export default project('texts');

export const comment = entity('comment', { comment_id: f.string() });

export const commentText = featureView('comment_text', {
  version: 1,
  entity: comment,
  ttl: 'forever',
  source: sqlSource({
    connection: 'site',
    query: 'select comment_id, text, written_at as event_timestamp from comments',
  }),
  schema: { embedding: f.vector(48) },
  compute: textEmbedding({ encoder: artifact('models/text_encoder') }),
});
