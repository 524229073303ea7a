"""Two tiny tokenizers of SentencePiece's kinds with what transformers makes of difficult texts, for test/fixtures/tokenizer/.

One is as LLaMA's (BPE over characters, bytes for those it lacks), one as XLM-R's (Unigram, after a table of replacements).
Each file holds what bert.json holds of tokenizer_fixture.py, but for cut texts; `tail` is the text of the last two thirds of
the ids, as a generated continuation is read.
"""
import io
import json
import tempfile
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import sentencepiece
import tokenizers
import transformers
from tokenizer_fixture import CORPUS, DIFFICULT, PAIRS, ROLES, fast, json_of, spelled, variant, write_json
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast
from transformers.tokenization_utils_base import generate_merges

TEXTS = [
    *DIFFICULT,
    "▁ literal ▁▁ marks_and_lines▁",
    "<0x41> <0xE2><0x96> bytes spelled",
    "     five    four   three  two one ",
    "नमस्ते दुनिया e\u0301e\u0301 가각 \u1100\u1161\u11a8 ｶﾞ ①Ⅷ㌔",
]
SPECIAL = ["<unk>", "<s>", "</s>"]
BLANK = "▁"


def trained(corpus: list[str], **options) -> sentencepiece.SentencePieceProcessor:
    """A model of SentencePiece, whose trainers give the same every time."""
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(corpus), model_writer=model, num_threads=1, hard_vocab_limit=False, minloglevel=2, **options
    )
    return sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())


def pieces_of(processor: sentencepiece.SentencePieceProcessor) -> dict[str, float]:
    return {processor.id_to_piece(i): processor.get_score(i) for i in range(len(processor))}


def llama() -> PreTrainedTokenizerFast:
    indented = [" " * 4 + line.replace(" ", "  ") for line in CORPUS]
    scores = pieces_of(trained(
        [*CORPUS, *indented], model_type="bpe", vocab_size=420, byte_fallback=True, character_coverage=0.98,
        normalization_rule_name="identity", remove_extra_whitespaces=False, allow_whitespace_only_pieces=True,
    ))  # fmt: skip
    vocab = {piece: i for i, piece in enumerate(scores)}
    model = models.BPE(vocab, generate_merges(vocab, scores), unk_token="<unk>", byte_fallback=True, fuse_unk=True)
    tokenizer = Tokenizer(model)
    tokenizer.add_special_tokens(SPECIAL)
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend(BLANK), normalizers.Replace(" ", BLANK)])
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace(BLANK, " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    tokenizer.post_processor = processors.TemplateProcessing("<s> $A", "<s> $A <s>:1 $B:1", special_tokens=[("<s>", 1)])
    tokenizer.add_tokens([AddedToken("<think>", special=False, normalized=False)])
    return fast(tokenizer, {"unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>"})


LLAMA_STEPS = {
    "a blank before the first text alone": {
        "normalizer": None,
        "pre_tokenizer": json_of(pre_tokenizers.Metaspace(prepend_scheme="first", split=False)),
    },
    "no blank before": {
        "normalizer": json_of(normalizers.Replace(" ", BLANK)),
        "pre_tokenizer": json_of(pre_tokenizers.Split(" ", "merged_with_previous")),
    },
    "blanks cut, each before its word": {
        "normalizer": None,
        "pre_tokenizer": json_of(pre_tokenizers.Metaspace(prepend_scheme="always", split=True)),
    },
    "an old Metaspace": {
        "normalizer": None,
        "pre_tokenizer": {"type": "Metaspace", "replacement": BLANK, "str_rep": BLANK, "add_prefix_space": True},
    },
    "trimmed, with a dollar put in": {
        "normalizer": json_of(
            normalizers.Sequence([normalizers.Strip(), normalizers.Replace(Regex("[aeiou]"), "$&$1"), normalizers.Prepend("$$")])
        )
    },
}  # fmt: skip


def rules() -> Iterator[tuple[str, str]]:
    """What nmt_nfkc says of the characters here: the whole of it would be far larger than the rest of the fixture."""
    text = "".join(TEXTS)
    for character in sorted(set(text)):
        if character in "\t\n\r" or (character != " " and character.isspace()) or character in "\u200b\ufeff\ufffd":
            yield character, " "
        elif unicodedata.category(character) == "Cc":
            yield character, ""
        elif (composed := unicodedata.normalize("NFKC", character)) != character:
            yield character, composed
    for pair in sorted({text[i : i + 2] for i in range(len(text) - 1)}):
        if unicodedata.combining(pair[1]) and len(composed := unicodedata.normalize("NFKC", pair)) == 1:
            yield pair, composed


def trained_unigram() -> sentencepiece.SentencePieceProcessor:
    """A model with the table of `rules` in it."""
    coded = lambda text: " ".join(f"{ord(character):X}" for character in text)  # noqa: E731
    with tempfile.NamedTemporaryFile("w", suffix=".tsv") as table:
        table.write("".join(f"{coded(source)}\t{coded(target)}\n" for source, target in rules() if source != "\0"))
        table.flush()
        return trained(CORPUS, model_type="unigram", vocab_size=220, normalization_rule_tsv=table.name)


def fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """The strings, bytes and messages of a protobuf message, by their numbers."""
    at = 0

    def varint() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte, at = message[at], at + 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(message):
        tag = varint()
        if tag & 7 == 0:
            varint()
            continue
        length = {1: 8, 5: 4}.get(tag & 7) or varint()
        yield tag >> 3, message[at : at + length]
        at += length


def charsmap_of(model: bytes) -> bytes:
    """sentencepiece_model.proto: ModelProto.normalizer_spec is 3, NormalizerSpec.precompiled_charsmap is 2."""
    return dict(fields(dict(fields(model))[3]))[2]


def unigram() -> PreTrainedTokenizerFast:
    model = trained_unigram()
    tokenizer = Tokenizer(models.Unigram(list(pieces_of(model).items()), unk_id=0))
    replaced = normalizers.Precompiled(charsmap_of(model.serialized_model_proto()))
    tokenizer.normalizer = normalizers.Sequence(
        [replaced, normalizers.Strip(left=False, right=True), normalizers.Replace(Regex(" {2,}"), BLANK)]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        "<s> $A </s>", "<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 1), ("</s>", 2)]
    )
    mask = AddedToken("<mask>", lstrip=True, special=True, normalized=False)
    tokenizer.add_special_tokens([*SPECIAL, "<pad>", mask])
    special = {"cls_token": "<s>", "sep_token": "</s>", "pad_token": "<pad>", "mask_token": mask}
    return fast(tokenizer, {"unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>", **special})


UNIGRAM_STEPS = {
    "blanks cut first, as T5 does": {
        "pre_tokenizer": json_of(
            pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(prepend_scheme="always")])
        )
    },
    "a text in one piece": {"pre_tokenizer": json_of(pre_tokenizers.Metaspace(prepend_scheme="first", split=False))},
    "no normaliser": {"normalizer": None},
}


def write(name: str, tokenizer: PreTrainedTokenizerFast, steps: dict[str, dict]) -> None:
    backend = tokenizer.backend_tokenizer
    made = [spelled(tokenizer, texts) for texts in [*((text,) for text in TEXTS if len(text) <= 100), *PAIRS]]
    for case in made:
        case["tail"] = tokenizer.decode(case["ids"][len(case["ids"]) // 3 :], skip_special_tokens=True)
        case["whole"] = tokenizer.decode(case["ids"], skip_special_tokens=False)
    write_json(name, {
        "made_by": f"{Path(__file__).name}, transformers {transformers.__version__}, tokenizers {tokenizers.__version__}",
        "tokenizer": json.loads(backend.to_str()),
        "config": {f"{role}_token": named for role in ROLES if (named := getattr(tokenizer, f"{role}_token")) is not None},
        "specialTokens": {role: getattr(tokenizer, f"{role}_token_id") for role in ROLES},
        "vocabularySize": len(tokenizer),
        "texts": made,
        "variants": [
            variant(backend, kind, changes, [(text,) for text in TEXTS if len(text) <= 100]) for kind, changes in steps.items()
        ],
    })  # fmt: skip


if __name__ == "__main__":
    write("llama", llama(), LLAMA_STEPS)
    write("unigram", unigram(), UNIGRAM_STEPS)
