"""Blocks of every GGUF type we read, and tiny whole models in GGUF, for test/fixtures/gguf/.

blocks.safetensors holds, for each type, random blocks as bytes and what gguf.quants.dequantize makes of them. Each MODEL.gguf
is a tiny random transformers model written as llama.cpp's convert_hf_to_gguf.py writes it, with a tokenizer trained here;
MODEL.safetensors holds its tensors by transformers' names, MODEL.json the configuration and what the tokenizer makes of
difficult texts. llama.gguf is of several types, and its tensors are those that transformers itself reads from it; the
others are of float32.
"""
import io
import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import sentencepiece
import torch
import transformers
from gguf import MODEL_ARCH_NAMES, GGMLQuantizationType as Type, GGUFWriter, TokenType, get_tensor_name_map
from gguf.constants import GGML_QUANT_SIZES
from gguf.quants import dequantize, quantize
from safetensors.torch import save_file
from tokenizer_fixture import CORPUS, DIFFICULT
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import AutoModelForCausalLM, BloomConfig, GemmaConfig, GPT2Config, LlamaConfig, Qwen2Config, Qwen3Config
from transformers.integrations.gguf.gguf_tokenizer_mapping import convert_gguf_tokenizer, get_gguf_tokenizer
from transformers.models.qwen2.tokenization_qwen2 import PRETOKENIZE_REGEX as QWEN2

FIXTURES = Path(__file__).resolve().parents[2] / "test" / "fixtures" / "gguf"
BLOCKS = [Type.F32, Type.F16, Type.BF16, Type.Q8_0, Type.Q4_0, Type.Q4_1, Type.Q4_K, Type.Q5_K, Type.Q6_K]
# Where the scales of a block lie, as float16, which random bytes would make infinite or no number.
SCALES = {Type.Q8_0: [0], Type.Q4_0: [0], Type.Q4_1: [0, 2], Type.Q4_K: [0, 2], Type.Q5_K: [0, 2], Type.Q6_K: [208]}
EPSILON = float(np.float32(1e-5))


def write_blocks() -> None:
    random = np.random.default_rng(7)
    tensors = {}
    for kind in BLOCKS:
        size, count = GGML_QUANT_SIZES[kind]
        blocks = random.integers(0, 256, (max(4, 256 // size), count), dtype=np.uint8)
        for at in SCALES.get(kind, []):
            blocks[:, at : at + 2] = (random.standard_normal((len(blocks), 1)) * 2.0 ** random.integers(-20, 8, (len(blocks), 1))).astype(np.float16).view(np.uint8)
        rows = blocks.reshape(1, -1)
        if size == 1:
            values = (random.standard_normal((1, 64)) * 2.0 ** random.integers(-30, 15, (1, 64))).astype(np.float32)
            values[0, :4] = [0.0, -0.0, np.inf, -np.inf]
            rows = np.ascontiguousarray(quantize(values, kind)).view(np.uint8).reshape(1, -1)
        tensors[f"{kind.name}.bytes"] = torch.from_numpy(rows.copy()).flatten()
        tensors[f"{kind.name}.values"] = torch.from_numpy(np.array(dequantize(rows, kind), dtype=np.float32)).flatten()
    save_file(tensors, FIXTURES / "blocks.safetensors")


# --- tokenizers ---------------------------------------------------------------------------------------------------------

LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
USER_DEFINED = "<think>"
TEXTS = [*(text for text in DIFFICULT if len(text) <= 100), *CORPUS[:2], "<|im_start|>user\nhi<|im_end|> <think>so</think>", "a<s> b</s>  c ▁d", "'S I'LL ſ 12345"]


def split_by(regex: str):
    return pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(regex), "isolated"), byte_level(use_regex=False)])


def byte_level(use_regex: bool = True):
    return pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=use_regex)


BYTE_LEVEL = {
    "gpt-2": byte_level(),
    "smollm": pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), byte_level()]),
    "llama-bpe": split_by(LLAMA3),
    "qwen2": split_by(QWEN2),
    "bloom": split_by(r" ?[^(\s|[.,!?…。，、।۔،])]+"),
}


def trained_byte_level(pre: str) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE(ignore_merges=pre == "llama-bpe"))
    tokenizer.pre_tokenizer = BYTE_LEVEL[pre]
    tokenizer.normalizer = normalizers.NFC() if pre == "qwen2" else None
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=300, special_tokens=SPECIAL, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    tokenizer.train_from_iterator([*CORPUS, "1234 12 345 I'll we'll"], trainer)
    tokenizer.add_tokens([USER_DEFINED])
    if pre == "llama-bpe":
        tokenizer.post_processor = processors.TemplateProcessing("<|im_start|> $A", special_tokens=[("<|im_start|>", 1)])
    return tokenizer


def add_byte_level(writer: GGUFWriter, pre: str) -> Tokenizer:
    tokenizer = trained_byte_level(pre)
    vocab = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    kinds = {**dict.fromkeys(SPECIAL, TokenType.CONTROL), USER_DEFINED: TokenType.USER_DEFINED}
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(pre)
    writer.add_token_list([token for token, _ in vocab])
    writer.add_token_types([kinds.get(token, TokenType.NORMAL) for token, _ in vocab])
    writer.add_token_merges([" ".join(pair) for pair in json.loads(tokenizer.to_str())["model"]["merges"]])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_pad_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_chat_template("{% for message in messages %}{{ message['content'] }}{% endfor %}")
    return tokenizer


GEMMA = {
    "pad_id": 0, "eos_id": 1, "bos_id": 2, "unk_id": 3, "pad_piece": "<pad>", "eos_piece": "<eos>", "bos_piece": "<bos>",
    "user_defined_symbols": ["<mask>"],
}  # fmt: skip


def add_sentence_piece(writer: GGUFWriter, gemma: bool) -> None:
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(CORPUS), model_writer=model, model_type="bpe", vocab_size=350, byte_fallback=True,
        normalization_rule_name="identity", remove_extra_whitespaces=False, add_dummy_prefix=not gemma, num_threads=1, minloglevel=2,
        character_coverage=0.98, **(GEMMA if gemma else {}),
    )  # fmt: skip
    pieces = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
    ids = range(pieces.get_piece_size())
    kind = lambda i: (  # noqa: E731
        TokenType.UNKNOWN if pieces.is_unknown(i)
        else TokenType.CONTROL if pieces.is_control(i)
        else TokenType.BYTE if pieces.is_byte(i)
        else TokenType.USER_DEFINED if pieces.id_to_piece(i) == "<mask>"
        else TokenType.NORMAL
    )  # fmt: skip
    tokens, scores, kinds = [pieces.id_to_piece(i) for i in ids], [pieces.get_score(i) for i in ids], [kind(i) for i in ids]
    if gemma:  # whose runs of blanks the converter writes as they are
        tokens, scores, kinds = [*tokens, "  ", "   "], [*scores, 0.0, 0.0], [*kinds, TokenType.USER_DEFINED, TokenType.USER_DEFINED]
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(tokens)
    writer.add_token_scores(scores)
    writer.add_token_types(kinds)
    writer.add_unk_token_id(pieces.unk_id())
    writer.add_bos_token_id(pieces.bos_id())
    writer.add_eos_token_id(pieces.eos_id())
    writer.add_add_bos_token(True)
    if gemma:
        writer.add_mask_token_id(pieces.piece_to_id("<mask>"))
        writer.add_add_space_prefix(False)


# --- models -------------------------------------------------------------------------------------------------------------

SMALL = {
    "hidden_size": 8, "intermediate_size": 12, "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 1,
    "max_position_embeddings": 64, "rms_norm_eps": EPSILON,
}  # fmt: skip
DECODER_KEYS = [*SMALL, "head_dim", "tie_word_embeddings", "vocab_size"]


@dataclass
class Case:
    config: transformers.PreTrainedConfig
    arch: str
    pre: str | None
    keys: list[str]
    types: dict[str, Type] = field(default_factory=dict)


CASES = {
    "llama": Case(
        LlamaConfig(**{**SMALL, "hidden_size": 32, "intermediate_size": 32, "num_attention_heads": 4, "num_key_value_heads": 2}, head_dim=8, tie_word_embeddings=True),
        "llama", "smollm", DECODER_KEYS,
        {"token_embd": Type.Q8_0, "attn_q": Type.Q4_1, "attn_k": Type.Q4_0, "attn_v": Type.F16, "ffn_up": Type.BF16},
    ),
    "mistral": Case(
        LlamaConfig(**SMALL, attention_bias=True, rope_parameters={
            "rope_type": "llama3", "rope_theta": 500000.0, "factor": 32.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
            "original_max_position_embeddings": 8192,
        }, head_dim=8),
        "llama", None, [*DECODER_KEYS, "attention_bias"],
    ),
    "qwen2": Case(Qwen2Config(**SMALL, tie_word_embeddings=False), "qwen2", "qwen2", [k for k in DECODER_KEYS if k != "head_dim"]),
    "qwen3": Case(Qwen3Config(**SMALL, head_dim=6, tie_word_embeddings=False), "qwen3", "llama-bpe", DECODER_KEYS),
    "gemma": Case(GemmaConfig(**SMALL, head_dim=6), "gemma", None, DECODER_KEYS),
    "gpt2": Case(
        GPT2Config(n_embd=8, n_layer=2, n_head=2, n_positions=64, n_inner=12, layer_norm_epsilon=EPSILON),
        "gpt2", "gpt-2", ["n_embd", "n_layer", "n_head", "n_positions", "n_inner", "layer_norm_epsilon", "tie_word_embeddings", "vocab_size"],
    ),
    "bloom": Case(
        BloomConfig(hidden_size=8, n_layer=2, n_head=2, layer_norm_epsilon=EPSILON),
        "bloom", "bloom", ["hidden_size", "n_layer", "n_head", "layer_norm_epsilon", "tie_word_embeddings", "vocab_size"],
    ),
}  # fmt: skip


def permuted(weight: np.ndarray, heads: int) -> np.ndarray:
    """convert_hf_to_gguf.py, LlamaModel.permute."""
    return weight.reshape(heads, 2, weight.shape[0] // heads // 2, *weight.shape[1:]).swapaxes(1, 2).reshape(weight.shape)


def converted(name: str, weight: np.ndarray, arch: str, config) -> np.ndarray:
    """What convert_hf_to_gguf.py does to the numbers, by the name in the file."""
    if arch == "llama" and ".attn_q." in name:
        return permuted(weight, config.num_attention_heads)
    if arch == "llama" and ".attn_k." in name:
        return permuted(weight, config.num_key_value_heads)
    if arch == "gemma" and name.endswith("norm.weight"):
        return weight + 1
    if arch == "gpt2" and name.endswith(("attn_qkv.weight", "attn_output.weight", "ffn_up.weight", "ffn_down.weight")):
        return weight.T
    if arch == "bloom" and ".attn_qkv." in name:
        heads = weight.reshape(config.n_head, 3, -1, *weight.shape[1:])
        return np.concatenate([heads[:, i].reshape(-1, *weight.shape[1:]) for i in range(3)])
    return weight


def add_sizes(writer: GGUFWriter, config) -> None:
    """The metadata of convert_hf_to_gguf.py, as far as it is about sizes."""
    writer.add_block_count(config.num_hidden_layers)
    writer.add_embedding_length(config.hidden_size)
    writer.add_head_count(config.num_attention_heads)
    if isinstance(config, BloomConfig):
        writer.add_context_length(2048)
        writer.add_feed_forward_length(4 * config.hidden_size)
        writer.add_layer_norm_eps(config.layer_norm_epsilon)
        return
    writer.add_context_length(config.max_position_embeddings)
    if isinstance(config, GPT2Config):
        writer.add_feed_forward_length(config.n_inner)
        writer.add_layer_norm_eps(config.layer_norm_epsilon)
        return
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    if config.model_type == "llama":
        writer.add_rope_dimension_count(config.head_dim)
        writer.add_vocab_size(config.vocab_size)
    elif config.model_type != "qwen2":
        writer.add_key_length(config.head_dim)
        writer.add_value_length(config.head_dim)
    if config.model_type != "gemma":
        writer.add_rope_freq_base(config.rope_parameters["rope_theta"])


def llama3_divisors(config) -> np.ndarray:
    """convert_hf_to_gguf.py, LlamaModel.generate_extra_tensors."""
    scaling, divisors = config.rope_parameters, []
    low = scaling["original_max_position_embeddings"] / scaling["low_freq_factor"]
    high = scaling["original_max_position_embeddings"] / scaling["high_freq_factor"]
    for exponent in torch.arange(0, config.head_dim, 2, dtype=torch.float32) / config.head_dim:
        wavelength = 2 * torch.pi * scaling["rope_theta"] ** exponent
        smooth = (scaling["original_max_position_embeddings"] / wavelength - scaling["low_freq_factor"]) / (
            scaling["high_freq_factor"] - scaling["low_freq_factor"]
        )
        between = 1 / ((1 - smooth) / scaling["factor"] + smooth)
        divisors.append(1 if wavelength < high else scaling["factor"] if wavelength > low else between)
    return np.array(divisors, dtype=np.float32)


def write_model(name: str, case: Case) -> None:
    path = FIXTURES / f"{name}.gguf"
    writer = GGUFWriter(path, case.arch)
    tokenizer = add_sentence_piece(writer, case.arch == "gemma") if case.pre is None else add_byte_level(writer, case.pre)
    tokens = [data["tokenizer.ggml.tokens"].value for data in writer.kv_data if "tokenizer.ggml.tokens" in data][0]
    case.config.vocab_size = len(tokens)
    torch.manual_seed(7)
    model = AutoModelForCausalLM.from_config(case.config).float().eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
        for name_, parameter in model.named_parameters():
            if case.arch == "gemma" and "norm" in name_:  # so that 1 can be added and taken away again without loss
                parameter.copy_((parameter + 1) - 1)
    add_sizes(writer, case.config)
    state = {k: v for k, v in model.state_dict().items() if not (k == "lm_head.weight" and case.config.tie_word_embeddings)}
    names = get_tensor_name_map(next(a for a, word in MODEL_ARCH_NAMES.items() if word == case.arch), 2)
    for key, tensor in state.items():
        stem, kind = key.rsplit(".", 1)
        stored = f"{names.get_name(stem) or names.get_name(stem.removeprefix('transformer.'))}.{kind}"
        data = np.ascontiguousarray(converted(stored, tensor.numpy(), case.arch, case.config))
        type_ = case.types.get(stored.split(".")[-2], Type.F32)
        writer.add_tensor(stored, quantize(data, type_), raw_dtype=type_)
    if case.arch == "bloom":  # of which the converter writes the embedding twice
        writer.add_tensor("output.weight", state["transformer.word_embeddings.weight"].numpy())
    if case.arch == "llama" and case.config.rope_parameters["rope_type"] == "llama3":
        writer.add_tensor("rope_freqs.weight", llama3_divisors(case.config))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    if case.types:
        read = AutoModelForCausalLM.from_pretrained(FIXTURES, gguf_file=path.name, dtype=torch.float32).state_dict()
        state = {key: read[key] for key in state}
    save_file({key: tensor.contiguous().clone() for key, tensor in state.items()}, FIXTURES / f"{name}.safetensors")
    write_expected(name, case, tokenizer or as_transformers_reads(path))


def as_transformers_reads(path: Path) -> Tokenizer:
    architecture, parts, _ = get_gguf_tokenizer(str(path))
    tokenizer, _ = convert_gguf_tokenizer(architecture, parts)
    tokenizer.add_special_tokens(["<unk>"])
    bos = "<bos>" if architecture == "gemma" else "<s>"
    tokenizer.post_processor = processors.TemplateProcessing(f"{bos} $A", special_tokens=[(bos, tokenizer.token_to_id(bos))])
    return tokenizer


def write_expected(name: str, case: Case, tokenizer: Tokenizer) -> None:
    rope = getattr(case.config, "rope_parameters", None) or {}
    config = {key: getattr(case.config, key) for key in case.keys}
    if rope:
        config["rope_theta"] = rope["rope_theta"]
        scaling = {key: value for key, value in rope.items() if key != "rope_theta"}
        config["rope_scaling"] = None if rope["rope_type"] == "default" else scaling
    texts = []
    for text in TEXTS:
        ids = tokenizer.encode(text).ids
        texts.append({"text": text, "ids": ids, "decoded": tokenizer.decode(ids)})
    lines = ",\n".join(json.dumps(text) for text in texts)
    (FIXTURES / f"{name}.json").write_text(f'{{"config": {json.dumps(config)},\n"texts": [\n{lines}\n]}}\n')


if __name__ == "__main__":
    torch.set_num_threads(1)
    shutil.rmtree(FIXTURES, ignore_errors=True)
    FIXTURES.mkdir(parents=True)
    write_blocks()
    for name, case in CASES.items():
        write_model(name, case)
