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

// Name of the project, which is part of every table, key and metric.
export default project('my_project');

// The thing that features describe. A picture's id is its path below the folder: `blue.png`, `shoes/red.png`.
export const picture = entity('picture', { picture_id: f.string() });

// Put your own pictures in this folder, or name another one.
export const pictures = folderSource({
  folder: 'pictures',
  key: 'picture_id',
  extensions: ['.jpg', '.jpeg', '.png', '.webp'],
});

/** Slow: workers compute it ahead of requests, once per picture. Edit src/picture-light.ts; outside `larder dev`, also bump the version. */
export const pictureLight = featureView('picture_light', {
  version: 1,
  entity: picture,
  ttl: 'forever',
  source: pictures,
  compute: computeWith(import.meta.url, () => import('./src/picture-light.ts')),
  schema: { brightness: f.float32(), contrast: f.float32(), aspect: f.float32() },
});

/** Cheap: computed while the request waits, from the request and from features of the picture. */
export const slot = onDemandFeatureView('slot', {
  request: { width: f.float64(), height: f.float64() },
  features: [pictureLight.pick('aspect')],
  schema: { misfit: f.float32() },
  compute: ({ request, features }) => ({
    // 0 when the picture has the shape of its place on the page; unknown without the picture.
    misfit:
      features.picture_light.aspect === null
        ? null
        : Math.abs(Math.log(features.picture_light.aspect / (request.width / request.height))),
  }),
});

/** Its input is one tensor with all these features, in this order. Replace model.onnx and golden.json with your own. */
export const appeal = model('appeal', {
  features: [pictureLight.pick('brightness', 'contrast'), slot],
  output: { score: f.float32() },
  artifact: artifact('models/appeal'),
});
