import {
  artifact,
  computeWith,
  entity,
  f,
  featureView,
  folderSource,
  model,
  onDemandFeatureView,
  project,
} from 'larderjs';
import { similarity, WIDTH, wordVector } from './src/word-vector.ts';

// Name of the project, which is part of every table, key and metric.
export default project('my_project');

// The thing that features describe. A review's id is the path of its file below the folder: `kettle.txt`.
export const review = entity('review', { review_id: f.string() });

// Put your own texts in this folder, or name another one. For a table: sqlSource, with `columns: { text: f.string() }`.
export const reviews = folderSource({ folder: 'reviews', key: 'review_id', extensions: ['.txt'] });

/** Workers compute it ahead of requests, once per text. Edit src/review-words.ts; outside `larder dev`, also bump the version. */
export const reviewWords = featureView('review_words', {
  version: 1,
  entity: review,
  ttl: 'forever',
  source: reviews,
  compute: computeWith(import.meta.url, () => import('./src/review-words.ts')),
  schema: { words: f.vector(WIDTH), word_count: f.float32() },
});

/** Computed while the request waits: the words of the query are counted by the same code as those of the review. */
export const match = onDemandFeatureView('match', {
  request: { query: f.string() },
  features: [reviewWords.pick('words')],
  schema: { similarity: f.float32() },
  compute: ({ request, features }) => ({
    // Unknown without the review.
    similarity:
      features.review_words.words === null
        ? null
        : similarity(wordVector(request.query), features.review_words.words),
  }),
});

/** Its input is one tensor with all these features, in this order. Replace model.onnx and golden.json with your own. */
export const ranking = model('ranking', {
  features: [reviewWords.pick('words'), match],
  output: { score: f.float32() },
  artifact: artifact('models/ranking'),
});
