"""Training sets, sealed models and predictions of a Larder service."""

from .client import Larder
from .errors import ArtifactInvalid, ErrorDetail, LarderError, ServiceUnreachable, TrainingSetFailed
from .prediction import Prediction
from .seal import Sealed, seal
from .training_set import inputs, inputs_by_name, manifest_of, read_training_set

__all__ = [
    "ArtifactInvalid",
    "ErrorDetail",
    "Larder",
    "LarderError",
    "Prediction",
    "Sealed",
    "ServiceUnreachable",
    "TrainingSetFailed",
    "inputs",
    "inputs_by_name",
    "manifest_of",
    "read_training_set",
    "seal",
]
