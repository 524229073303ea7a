"""What transformers' generate makes of the tiny models of test/fixtures/models/, for test/fixtures/generation/.

Each model is given prompts of different lengths in one batch, a decoder's padded on the left, under settings of every kind; kept
are the new tokens of each sequence, up to the one that ends it, and the scores of beams. Every step reads all of the text, without a
cache. processors.json holds what transformers'
processors and warpers make of scores.

    generation_fixture.py [MODEL...]    those models anew; all without a name
"""
import json
import sys
import zlib
from pathlib import Path

import numpy as np
import torch
import transformers
from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM, LogitsProcessorList
from transformers.generation import logits_process

FIXTURES = Path(__file__).resolve().parents[2] / "test" / "fixtures"
FOLDER = FIXTURES / "generation"
LENGTHS = (3, 2, 4)
NEW_TOKENS = 8
TRIALS = 40
DECODERS = ("llama-lm", "llama-tied", "gpt2-lm", "gptj-lm", "bloom-lm", "mistral-lm", "qwen2-lm", "qwen3-lm", "gemma-lm")
ENCODER_DECODERS = ("bart-generation", "t5-generation", "t5-gated")
MODELS = DECODERS + ENCODER_DECODERS

BEAMS = dict(num_beams=3)
SETTINGS: dict[str, dict] = {
    "greedy": {},
    "repetition_penalty": dict(repetition_penalty=1.7),
    "no_repeat_ngram_size": dict(no_repeat_ngram_size=2),
    "min_new_tokens": dict(min_new_tokens=6),
    "processors together": dict(repetition_penalty=1.2, no_repeat_ngram_size=3, min_new_tokens=4),
    "beams": BEAMS,
    "five beams": dict(num_beams=5),
    "length_penalty 2": BEAMS | dict(length_penalty=2.0),
    "length_penalty 0": BEAMS | dict(length_penalty=0.0),
    "length_penalty -1": BEAMS | dict(length_penalty=-1.0),
    "early_stopping": BEAMS | dict(early_stopping=True),
    "early_stopping never": BEAMS | dict(early_stopping="never"),
    "early_stopping never, length_penalty -1": BEAMS | dict(early_stopping="never", length_penalty=-1.0),
    "two beams, length_penalty 2": dict(num_beams=2, length_penalty=2.0),
    "two beams, early_stopping never, length_penalty 2": dict(num_beams=2, early_stopping="never", length_penalty=2.0),
    "two beams, early_stopping, length_penalty 2": dict(num_beams=2, early_stopping=True, length_penalty=2.0),
    "num_return_sequences": dict(num_beams=4, num_return_sequences=3, early_stopping=True),
    "beams and processors": BEAMS | dict(repetition_penalty=1.3, no_repeat_ngram_size=2, min_new_tokens=3),
}
FORCED: dict[str, dict] = {
    "forced tokens": dict(forced_bos_token_id=7, forced_eos_token_id=9),
    "beams, forced tokens": BEAMS | dict(forced_bos_token_id=7, forced_eos_token_id=9, length_penalty=2.0),
}


def stream(*names: str) -> np.random.Generator:
    return np.random.default_rng([zlib.crc32(name.encode()) for name in names])


def prompts_of(name: str, model, is_decoder: bool) -> list[list[int]]:
    """Of many random prompts of each length the one whose continuation is the least monotonous."""
    draw, config = stream(name, "generation prompts"), model.config
    special = {config.pad_token_id, config.eos_token_id, getattr(config, "bos_token_id", None)}
    words = [word for word in range(config.vocab_size) if word not in special]
    prompts, continued = [], []
    for length in LENGTHS:
        tried = [[int(id) for id in draw.choice(words, length)] for _ in range(TRIALS)]
        found = [greedy(model, ids, is_decoder) for ids in tried]
        best = max(range(TRIALS), key=lambda i: variety(found[i], continued))
        prompts.append(tried[best])
        continued.append(found[best])
    return prompts


def variety(ids: list[int], others: list[list[int]]) -> int:
    """How many different tokens there are, and how many that no other has at the same place."""
    return len(set(ids)) + sum(all(id != other[place] for other in others) for place, id in enumerate(ids))


def greedy(model, ids: list[int], is_decoder: bool) -> list[int]:
    batch, begun = batch_of([ids], 0, left=True), len(ids) if is_decoder else 1
    return generated(model, batch, begun, [], model.config.pad_token_id, {})["sequences"][0]


def batch_of(prompts: list[list[int]], pad: int, left: bool) -> dict[str, torch.Tensor]:
    width = max(map(len, prompts))
    rows = [([pad] * (width - len(ids)) + ids if left else ids + [pad] * (width - len(ids))) for ids in prompts]
    masks = [([0] * (width - len(ids)) + [1] * len(ids) if left else [1] * len(ids) + [0] * (width - len(ids))) for ids in prompts]
    return dict(input_ids=torch.tensor(rows), attention_mask=torch.tensor(masks))


@torch.no_grad()
def generated(model, batch, begun: int, ends: list[int], pad: int, settings: dict) -> dict:
    output = model.generate(
        **batch,
        **dict(max_new_tokens=NEW_TOKENS, eos_token_id=ends, pad_token_id=pad, do_sample=False, use_cache=False) | settings,
        return_dict_in_generate=True,
        output_scores=True,
    )
    sequences = [cut(row[begun:].tolist(), ends) for row in output.sequences]
    scores = output.sequences_scores.tolist() if "num_beams" in settings else None
    return dict(settings=settings, sequences=sequences, scores=scores)


def ends_of(sequences: list[list[int]]) -> list[int]:
    """Two tokens of which the first ends some text, but not at once, and the second another as late as can be."""
    first = {id: min(ids.index(id) for ids in sequences if id in ids) for ids in sequences for id in ids}
    late = sorted((id for id, place in first.items() if 0 < place < NEW_TOKENS - 1), key=lambda id: (first[id], id))
    assert len(late) >= 2, sequences
    return sorted([next(id for id in late if not all(id in ids for ids in sequences)), late[-1]])


def cut(ids: list[int], ends: list[int]) -> list[int]:
    """Up to the first token that ends a text; what follows is padding."""
    places = [place for place, id in enumerate(ids) if id in ends]
    return ids[: places[0] + 1] if places else ids[:NEW_TOKENS]


def write_model(name: str) -> None:
    is_decoder = name in DECODERS
    kind = AutoModelForCausalLM if is_decoder else AutoModelForSeq2SeqLM
    # In float64 a row of nothing but padding, as there is on the left, has no softmax in transformers.
    model = kind.from_pretrained(FIXTURES / "models" / name, dtype=torch.float32, attn_implementation="eager").eval()
    # The settings of a case are all there are.
    tokens = {key: getattr(model.generation_config, key) for key in ("bos_token_id", "decoder_start_token_id")}
    model.generation_config = transformers.GenerationConfig(**tokens)
    pad = model.config.pad_token_id
    prompts = prompts_of(name, model, is_decoder)
    batch = batch_of(prompts, pad, left=is_decoder)
    begun = batch["input_ids"].shape[1] if is_decoder else 1
    endless = generated(model, batch, begun, [], pad, {})["sequences"]
    ends = ends_of(endless)
    cases = {"endless": generated(model, batch, begun, [], pad, {})}
    for case, settings in (SETTINGS | ({} if is_decoder else FORCED)).items():
        cases[case] = generated(model, batch, begun, ends, pad, settings)
    result = dict(
        transformers=transformers.__version__,
        prompts=prompts,
        max_new_tokens=NEW_TOKENS,
        eos_token_id=ends,
        pad_token_id=pad,
        decoder_start_token_id=tokens["decoder_start_token_id"],
        cases=cases,
    )
    write(name, result)
    distinct = {json.dumps(case["sequences"]) for case in cases.values()}
    lengths = sorted({len(ids) for case in cases.values() for ids in case["sequences"]})
    print(f"{name}: {len(cases)} cases, {len(distinct)} different results, lengths {lengths}, greedy {endless}")


def write_processors() -> None:
    draw = stream("processors")
    scores = torch.from_numpy(draw.standard_normal((1, 24)) * 2).float()
    ids = torch.tensor([[3, 5, 3, 7, 5, 3, 5]])
    p = logits_process
    processors = {
        "repetition_penalty": ({"repetition_penalty": 1.4}, [p.RepetitionPenaltyLogitsProcessor(1.4)]),
        "no_repeat_ngram_size 1": ({"no_repeat_ngram_size": 1}, [p.NoRepeatNGramLogitsProcessor(1)]),
        "no_repeat_ngram_size 2": ({"no_repeat_ngram_size": 2}, [p.NoRepeatNGramLogitsProcessor(2)]),
        "no_repeat_ngram_size 3": ({"no_repeat_ngram_size": 3}, [p.NoRepeatNGramLogitsProcessor(3)]),
        "no_repeat_ngram_size 9": ({"no_repeat_ngram_size": 9}, [p.NoRepeatNGramLogitsProcessor(9)]),
        "temperature": ({"do_sample": True, "temperature": 0.7, "top_k": 0}, [p.TemperatureLogitsWarper(0.7)]),
        "top_k": ({"do_sample": True, "top_k": 5}, [p.TopKLogitsWarper(5)]),
        "top_k of more than there are": ({"do_sample": True, "top_k": 50}, [p.TopKLogitsWarper(50)]),
        "top_p": ({"do_sample": True, "top_p": 0.8, "top_k": 0}, [p.TopPLogitsWarper(0.8)]),
        "top_p of little": ({"do_sample": True, "top_p": 0.01, "top_k": 0}, [p.TopPLogitsWarper(0.01)]),
        "together": (
            {"do_sample": True, "repetition_penalty": 1.4, "no_repeat_ngram_size": 2, "temperature": 1.5, "top_k": 9, "top_p": 0.7},
            [
                p.RepetitionPenaltyLogitsProcessor(1.4),
                p.NoRepeatNGramLogitsProcessor(2),
                p.TemperatureLogitsWarper(1.5),
                p.TopKLogitsWarper(9),
                p.TopPLogitsWarper(0.7),
            ],
        ),
        "of beams": (
            {"do_sample": True, "num_beams": 2, "eos_token_id": [1, 2], "top_k": 1, "top_p": 0.01},
            [p.TopKLogitsWarper(1, min_tokens_to_keep=3), p.TopPLogitsWarper(0.01, min_tokens_to_keep=3)],
        ),
    }
    cases = {
        name: dict(settings=settings, scores=numbers(LogitsProcessorList(list_)(ids, scores.clone())))
        for name, (settings, list_) in processors.items()
    }
    write("processors", dict(ids=ids[0].tolist(), scores=numbers(scores), cases=cases))


def numbers(scores: torch.Tensor) -> list[float | None]:
    """null stands for −∞."""
    return [None if score == -np.inf else score for score in scores[0].tolist()]


def write(name: str, value: dict) -> None:
    FOLDER.mkdir(exist_ok=True)
    rows = [f"  {json.dumps(key)}: {compact(item)}" for key, item in value.items()]
    (FOLDER / f"{name}.json").write_text("{\n" + ",\n".join(rows) + "\n}\n")


def compact(item) -> str:
    if not isinstance(item, dict):
        return json.dumps(item)
    return "{\n" + ",\n".join(f"    {json.dumps(key)}: {json.dumps(each)}" for key, each in item.items()) + "\n  }"


if __name__ == "__main__":
    transformers.utils.logging.set_verbosity_error()
    torch.set_num_threads(1)
    for name in sys.argv[1:] or MODELS:
        write_model(name)
    write_processors()
