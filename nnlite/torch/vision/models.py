"""torchvision.models: refused by name. The project's own networks are in the folder models/, one file each."""

from .refusal import refuse

__getattr__ = refuse("torchvision.models")
