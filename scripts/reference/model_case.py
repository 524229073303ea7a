"""What a case of models_fixture.py is: a tiny model, and in what form its checkpoint is written."""
from dataclasses import dataclass, field

import torch
from transformers import PreTrainedModel


@dataclass
class Case:
    model: type[PreTrainedModel]
    config: dict
    saved: type[PreTrainedModel] | None = None  # the class whose checkpoint is written, where it is not `model`
    dtype: torch.dtype = torch.float32
    shard: str = "1GB"
    renamed: dict[str, str] = field(default_factory=dict)  # parts of tensor names as the file has them
    extra: dict[str, tuple[int, ...]] = field(default_factory=dict)  # tensors in the file that the model has no use for
    padding: str = "right"
    padding_inside: bool = False  # whether the token of padding stands in texts too, as where it is that which ends them
    target_mask: bool = False  # whether a decoder is told which of its tokens are padding
    untied: dict[str, tuple[int, ...]] = field(default_factory=dict)  # tensors in the file that are the embeddings elsewhere
