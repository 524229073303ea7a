"""Fine-tuning methods in PyTorch, as fast as it lets one write them: what our times and scores are compared with."""
import torch
from torch import nn
from torch.nn import functional as F


class _Linear(torch.autograd.Function):
    """y = x·Wᵀ + b, with the gradient of the trained rows or columns alone instead of the whole weight's."""

    @staticmethod
    def forward(ctx, x, weight, bias, rows, columns):
        rank = 0 if columns is None else columns.shape[1]
        ctx.save_for_backward(x[..., :rank].contiguous() if rows is None else x, weight)
        ctx.rows, ctx.rank = 0 if rows is None else rows.shape[0], rank
        return F.linear(x, weight, bias)

    @staticmethod
    def backward(ctx, dy):
        x, weight = ctx.saved_tensors
        flat, inputs = dy.flatten(0, -2), x.flatten(0, -2)
        dx = dy @ weight if ctx.needs_input_grad[0] else None
        dbias = flat.sum(0) if ctx.needs_input_grad[2] else None
        drows = flat[:, : ctx.rows].t() @ inputs if ctx.rows else None
        dcolumns = (inputs.t() @ flat).t().contiguous() if ctx.rank else None
        return dx, None, dbias, drows, dcolumns


class Partial(nn.Module):
    """A linear of which the first `rank` rows or columns are trained; forward it costs what the linear did."""

    def __init__(self, linear, axis, rank, bias):
        super().__init__()
        self.axis, self.rank = axis, rank
        self.register_buffer("weight", linear.weight.detach())
        self.bias = nn.Parameter(linear.bias.detach(), requires_grad=bias)
        # The rows are a view of the weight. Columns are copied into it instead: torch's fused AdamW takes a strided
        # parameter for a contiguous one and writes into its neighbours.
        self.trained = nn.Parameter(self.weight[:rank] if axis == "rows" else self.weight[:, :rank].clone())

    def forward(self, x):
        if self.axis == "columns":
            with torch.no_grad():
                self.weight[:, : self.rank] = self.trained
        dtype = torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else x.dtype
        trained = self.trained.to(dtype)
        rows, columns = (trained, None) if self.axis == "rows" else (None, trained)
        return _Linear.apply(x.to(dtype), self.weight.to(dtype), self.bias.to(dtype), rows, columns)


class OfficialRows(nn.Module):
    """The published formulation: the weight is concatenated in each forward, its whole gradient formed, biases trained."""

    def __init__(self, linear, rank):
        super().__init__()
        self.trained = nn.Parameter(linear.weight[:rank].detach().clone())
        self.register_buffer("frozen", linear.weight[rank:].detach().clone())
        self.bias = nn.Parameter(linear.bias.detach().clone())

    def forward(self, x):
        return F.linear(x, torch.cat([self.trained, self.frozen]), self.bias)


def freeze_all_but_head(model):
    """The head is the classifier and, in BERT, the pooler before it."""
    for name, parameter in model.named_parameters():
        parameter.requires_grad_("classifier" in name or "pooler" in name)
    return model


def replace_linears(model, make):
    """Puts `make(linear)` in place of every linear of the encoder's layers."""
    freeze_all_but_head(model)
    for parent in [module for name, module in model.named_modules() if ".layer." in name]:
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.Linear):
                setattr(parent, name, make(child))
    return model


EVERY_LINEAR = ["query", "key", "value", "dense"]


def by_peft(kind, **options):
    """A method of peft with its own defaults but for `options`, the whole head trained beside."""

    def attach(model, rank, bias):
        import peft  # a second to import, which the other methods need not wait for

        heads = ["classifier", "pooler"]
        saved = [head for head in heads if any(name.endswith(head) for name, _ in model.named_modules())]
        excluded = {"exclude_modules": ["classifier.dense", "pooler.dense"]} if kind == "LoraConfig" else {}
        if kind not in ("PromptTuningConfig", "PromptEncoderConfig"):
            options["modules_to_save"] = saved
        config = getattr(peft, kind)(task_type="SEQ_CLS", **excluded, **options)
        return peft.get_peft_model(model, config)

    return attach


def biases(model):
    freeze_all_but_head(model)
    for name, parameter in model.named_parameters():
        if name.endswith(".bias"):
            parameter.requires_grad_(True)
    return model


def partial(axis):
    return lambda model, rank, bias: replace_linears(model, lambda linear: Partial(linear, axis, rank, bias))


METHODS = {
    "full": lambda model, rank, bias: model,
    "head": lambda model, rank, bias: freeze_all_but_head(model),
    "rows": partial("rows"),
    "columns": partial("columns"),
    "rocoft-inplace": partial("rows"),
    "rocoft-official": lambda model, rank, bias: replace_linears(model, lambda linear: OfficialRows(linear, rank)),
    "bitfit": lambda model, rank, bias: biases(model),
    "lora": by_peft("LoraConfig", r=8, lora_alpha=16, target_modules=["query", "value"]),
    "lora-all": by_peft("LoraConfig", r=8, lora_alpha=16, target_modules=EVERY_LINEAR),
    "dora": by_peft("LoraConfig", r=8, lora_alpha=16, target_modules=["query", "value"], use_dora=True),
    "pissa": by_peft("LoraConfig", r=8, lora_alpha=16, target_modules=["query", "value"], init_lora_weights="pissa"),
    "adalora": by_peft(
        "AdaLoraConfig", init_r=12, target_r=8, tinit=1, tfinal=1, total_step=1000, target_modules=EVERY_LINEAR
    ),
    "vera": by_peft("VeraConfig", r=256, target_modules=["query", "value"]),
    "ia3": by_peft(
        "IA3Config", target_modules=["key", "value", "output.dense"], feedforward_modules=["output.dense"]
    ),
    "ln_tuning": by_peft("LNTuningConfig", target_modules=["LayerNorm"]),
    "shira": by_peft("ShiraConfig", r=32, target_modules=["query", "value"]),
    "prompt_tuning": by_peft("PromptTuningConfig", num_virtual_tokens=20),
    "p_tuning": by_peft("PromptEncoderConfig", num_virtual_tokens=20, encoder_hidden_size=128),
}


def attach(model, method, rank=3, bias=False):
    """The model with `method` on it: what is trained requires a gradient, what is not does not."""
    return METHODS[method](model, rank, bias)


def trained(model):
    """Numbers that are trained: in all, and without the head."""
    counts = {name: parameter.numel() for name, parameter in model.named_parameters() if parameter.requires_grad}
    head = sum(count for name, count in counts.items() if "classifier" in name or "pooler" in name)
    return {"trained": sum(counts.values()), "trained_without_head": sum(counts.values()) - head}
