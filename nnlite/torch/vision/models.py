"""torchvision.models: refused by name. The project's own networks are in the folder models/, one file each."""

from .refusal import refuse

__getattr__ = refuse(
    "torchvision.models",
    "nnlite's networks are in the package models, one file each (resnet, vgg, densenet, ...; models/weights.py loads "
    "published weights)",
)
