"""What transformers reads from the real SmolLM2-135M-Instruct in GGUF, for test/fixtures/smollm2-gguf.json.

    python scripts/reference/smollm2_gguf_fixture.py FOLDER      # which holds the file
"""
import hashlib
import json
import sys
from pathlib import Path

import torch
from tokenizer_fixture import CORPUS, DIFFICULT
from tokenizers import pre_tokenizers
from transformers import AutoModelForCausalLM, AutoTokenizer

FIXTURE = Path(__file__).resolve().parents[2] / "test" / "fixtures" / "smollm2-gguf.json"
KEYS = [
    "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads", "head_dim",
    "max_position_embeddings", "rms_norm_eps", "tie_word_embeddings", "vocab_size", "bos_token_id", "eos_token_id", "pad_token_id",
]  # fmt: skip
CHAT = "<|im_start|>user\nWhat is 12345 + 678?<|im_end|>\n<|im_start|>assistant\n"

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    (file,) = folder.glob("*.gguf")
    model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=file.name, dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=file.name)
    # SmolLM2's own tokenizer, and llama.cpp, set digits apart (tokenizer.ggml.pre is smollm), which transformers forgets.
    tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    state = {name: tensor for name, tensor in model.state_dict().items() if name != "lm_head.weight"}
    digests = {name: hashlib.sha256(tensor.contiguous().numpy().tobytes()).hexdigest() for name, tensor in sorted(state.items())}
    texts = [{"text": text, "ids": tokenizer(text)["input_ids"]} for text in [*DIFFICULT, *sorted(set(CORPUS)), CHAT]]
    content = {
        "file": hashlib.sha256(file.read_bytes()).hexdigest(),
        "config": {**{key: getattr(model.config, key) for key in KEYS}, "rope_theta": model.config.rope_parameters["rope_theta"]},
        "tensors": hashlib.sha256("".join(digests.values()).encode()).hexdigest(),
        "count": len(digests),
        "texts": texts,
    }
    lines = ",\n".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in content.items())
    FIXTURE.write_text("{\n" + lines + "\n}\n")
