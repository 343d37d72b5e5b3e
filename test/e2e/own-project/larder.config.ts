import { artifact, computeWith, entity, f, featureView, folderSource, model, project } from 'larderjs';

export default project('photos');

export const photo = entity('photo', { photo_id: f.string() });

export const photos = folderSource({ folder: 'photos', key: 'photo_id', extensions: ['.jpg', '.png'] });

export const photoColour = featureView('photo_colour', {
  version: 1,
  entity: photo,
  ttl: 'forever',
  source: photos,
  compute: computeWith(import.meta.url, () => import('./src/picture-colour.ts'), {
    artifacts: { encoder: artifact('models/encoder') },
  }),
  schema: { embedding: f.vector(3) },
});

export const warmth = model('warmth', {
  features: [photoColour],
  output: { warm: f.float32() },
  artifact: artifact('models/warmth'),
});
