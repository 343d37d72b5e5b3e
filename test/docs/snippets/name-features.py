import json, onnx
network = onnx.load('models/warmth/model.onnx')
onnx.helper.set_model_props(network, {'larder.features': json.dumps(['photo_colour:embedding'])})
onnx.save(network, 'models/warmth/model.onnx')
