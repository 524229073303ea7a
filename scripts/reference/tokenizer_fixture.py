"""Two tiny tokenizers with what transformers' fast tokenizers make of difficult texts, for test/fixtures/tokenizer/.

One is as BERT's (WordPiece, lower case, a template of special tokens), one as RoBERTa's (byte-level, with RoBERTa's
special tokens). Each file holds tokenizer.json, tokenizer_config.json, difficult texts with what comes out, two texts cut
to every length in every way, and variants with other steps. Given the folder of
all-MiniLM-L6-v2, its tokenizer's ids of the same texts are written too, without the tokenizer.
"""
import json
import sys
from pathlib import Path

import tokenizers
import transformers
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import AutoTokenizer, PreTrainedTokenizerFast

FIXTURES = Path(__file__).resolve().parents[2] / "test" / "fixtures" / "tokenizer"

CORPUS = [
    "The miller carried two sacks of flour up the hill before the rain began.",
    "Nobody in the village had seen the river so high, and nobody liked it.",
    "She didn't ask why the bridge was closed; she simply took the longer road.",
    "A dog barked at the empty cart, then at the miller, then at nothing at all.",
    "By evening the rain had stopped and the whole hill smelled of wet straw.",
    "It's hard to say whether the bridge or the road will be repaired first.",
    "Numbers such as 1, 23, 456 and 7890 appear here so that digits are learned.",
    "“Quoted words” — with dashes, ellipses… and 50% of other signs & symbols!",
    "A café, a naïve miller, \ufeffmark \ufeffmark, 日本 日本, 😀 😀 and ΣΑΣ σας.",
] * 4

DIFFICULT = [
    "",
    " ",
    "   leading and trailing   ",
    "the  miller\tand\nthe\r\nriver",
    "The MILLER didn't see the river's bridge.",
    "unlearnable: Zyxwvutsrq pneumonoultramicroscopicsilicovolcanoconiosis",
    "x" * 100,
    "x" * 101,
    "word" * 400,
    "café naïve Ångström ÀÉÎÕÜ ﬁne",
    "cafe\u0301 combining, n\u0303, e\u0301\u0302",
    "ΟΔΥΣΣΕΥΣ ΚΑΙ ΣΙΣΥΦΟΣ σίγμα ς",
    "İstanbul ISTANBUL ıi straße STRASSE ẞ ǅ",
    "日本語のテキスト 中文字符 한국어 文",
    "rare ideographs a𠀀b a\U00020bb7b a\U0002a700b a\U0002b900b a\U0002b920b a\U0002f800b a\U0002f822b a\U0002f80cb a\uf900b a\u3400b",
    "emoji 😀 👩‍👩‍👧 🏳️‍🌈 1️⃣ done",
    "right to left: שלום עליكم العربية",
    "\ufeffmark first and\ufeffin the middle \ufeffmark \ufeff",
    "next line\u0085here \u0085the \u0085\u0085 the, no-break\u00a0space, thin\u2009space, ideographic\u3000space, line\u2028sep",
    "zero\u200bwidth, soft\u00adhyphen, nul\u0000, bell\u0007, replacement\ufffd",
    "$5 £5 €5 50% a+b=c <tag> x^2 ~tilde `tick` |bar| #hash @at [box] {brace} \\ /",
    "don't can't we're they've I'm he'll she'd it's DON'T 'S 't",
    "«guillemets» ‘single’ “double” – — … ¿qué? ¡sí! 、。",
    "[CLS] inside [SEP] text [MASK] and[MASK]glued [UNK][PAD] [mask]",
    "<s> inside </s> text <mask> and<mask>glued  <mask>  <unk><pad> < s > <MASK>",
    "the miller<mask> the river   <mask>",
    "123 4567 ½ ² Ⅷ ٣٤",
]

PAIRS = [
    ("The miller had a dog.", "Nobody liked the dog."),
    ("", "only the second"),
    ("only the first", ""),
    ("", ""),
    ("first [SEP] </s> one", "second [CLS] <s> one"),
    ("日本語", "😀 café"),
]

# Lengths in tokens of two texts; the longest sequences, special tokens included.
LENGTHS = [(10, 6), (8, 8), (3, 20), (12, 3), (6, 10), (7, 8), (1, 1), (0, 9), (9, 0)]
LIMITS = range(4, 27)
STRATEGIES = ["longest_first", "only_first", "only_second"]

ROLES = ("pad", "cls", "sep", "mask", "unk", "bos", "eos")
SPECIAL_WORDPIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def bert() -> PreTrainedTokenizerFast:
    special = {"unk_token": "[UNK]", "pad_token": "[PAD]", "cls_token": "[CLS]", "sep_token": "[SEP]", "mask_token": "[MASK]"}
    normalizer, pre_tokenizer = normalizers.BertNormalizer(lowercase=True), pre_tokenizers.BertPreTokenizer()
    tokenizer = Tokenizer(models.WordPiece(wordpieces(normalizer, pre_tokenizer), unk_token="[UNK]"))
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoders.WordPiece(prefix="##")
    tokenizer.add_special_tokens(SPECIAL_WORDPIECES)
    cls, sep = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS]:0 $A:0 [SEP]:0", pair="[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1", special_tokens=[("[CLS]", cls), ("[SEP]", sep)]
    )
    return fast(tokenizer, special)


def wordpieces(normalizer: normalizers.Normalizer, pre_tokenizer: pre_tokenizers.PreTokenizer) -> dict[str, int]:
    """Most characters, alone and inside a word, and the words of the corpus. The library's trainer breaks ties by chance."""

    def words(texts: list[str]) -> list[str]:
        return [word for text in texts for word, _ in pre_tokenizer.pre_tokenize_str(normalizer.normalize_str(text))]

    raw = {character for character in "".join(DIFFICULT) if character.isprintable() and not character.isspace()}
    characters = sorted((raw | set("".join(words(CORPUS + DIFFICULT)))) - set("wζ£\u8c48"))
    pieces = [*characters, *(f"##{character}" for character in characters), "##ing", "##ed", "##er", *sorted(set(words(CORPUS)))]
    return {piece: i for i, piece in enumerate(dict.fromkeys([*SPECIAL_WORDPIECES, *pieces]))}


def roberta() -> PreTrainedTokenizerFast:
    special = {"unk_token": "<unk>", "pad_token": "<pad>", "cls_token": "<s>", "sep_token": "</s>", "bos_token": "<s>", "eos_token": "</s>"}
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokens = ["<s>", "<pad>", "</s>", "<unk>", AddedToken("<mask>", lstrip=True, special=True, normalized=False)]
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=tokens, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    cls, sep = tokenizer.token_to_id("<s>"), tokenizer.token_to_id("</s>")
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", sep), ("<s>", cls), add_prefix_space=False)
    return fast(tokenizer, {**special, "mask_token": AddedToken("<mask>", lstrip=True, special=True, normalized=False)})


def fast(tokenizer: Tokenizer, special: dict) -> PreTrainedTokenizerFast:
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, model_input_names=["input_ids", "token_type_ids", "attention_mask"], **special
    )


def case(tokenizer: PreTrainedTokenizerFast, texts: tuple, limit: int = 10_000, truncation: str = "longest_first") -> dict:
    asked = {"texts": list(texts), "maxLength": limit, "truncation": truncation}
    try:
        # Lists of one, as a data set is tokenised: given bare strings, transformers drops an empty second text.
        encoded = tokenizer(*([text] for text in texts), truncation=truncation, max_length=limit)
    except Exception as error:  # the Rust library raises bare exceptions
        assert "Sequence to truncate too short" in str(error), error
        return {**asked, "fails": True}
    return {**asked, "ids": encoded["input_ids"][0], "typeIds": encoded["token_type_ids"][0]}


def spelled(tokenizer: PreTrainedTokenizerFast, texts: tuple) -> dict:
    made = case(tokenizer, texts)
    tokens, decoded = tokenizer.convert_ids_to_tokens(made["ids"]), tokenizer.decode(made["ids"], skip_special_tokens=True)
    return {**made, "tokens": tokens, "decoded": decoded}


def truncated(tokenizer: PreTrainedTokenizerFast) -> list[dict]:
    def length(text: str) -> int:
        return len(tokenizer(text, add_special_tokens=False)["input_ids"])

    words = [word for word in dict.fromkeys(" ".join(CORPUS).split()) if length(f"the {word}") == length("the") + 1]

    def text(count: int) -> str:
        written = " ".join(["the", *words, *words][:count])
        assert length(written) == count
        return written

    pairs = [(text(a), text(b)) for a, b in LENGTHS]
    singles = [(text(count),) for count in (0, 1, 5, 20)]
    return [
        *(case(tokenizer, pair, limit, strategy) for pair in pairs for limit in LIMITS for strategy in STRATEGIES),
        *(case(tokenizer, single, limit) for single in singles for limit in (2, 3, 7, 22)),
    ]


def truncated_left(tokenizer: PreTrainedTokenizerFast) -> list[dict]:
    tokenizer.truncation_side = "left"
    cases = [case(tokenizer, texts, limit) for texts in [(CORPUS[0],), (CORPUS[0], CORPUS[1])] for limit in (5, 8, 13)]
    tokenizer.truncation_side = "right"
    return cases


def variants(tokenizer: PreTrainedTokenizerFast) -> list[dict]:
    """The same texts under every kind of post-processor, and the difficult ones with other steps before."""
    backend = tokenizer.backend_tokenizer
    backend.no_truncation()
    cls, sep = (tokenizer.cls_token, tokenizer.cls_token_id), (tokenizer.sep_token, tokenizer.sep_token_id)
    template = processors.TemplateProcessing(
        single=f"{cls[0]}:3 $A:1 {sep[0]}:2",
        pair=f"$B:4 {sep[0]}:2 {sep[0]}:2 $A:1 {cls[0]}:3",
        special_tokens=[cls, sep],
    )
    kinds = {
        "BertProcessing": processors.BertProcessing(sep, cls),
        "RobertaProcessing": processors.RobertaProcessing(sep, cls, add_prefix_space=False),
        "ByteLevel": processors.ByteLevel(),
        "TemplateProcessing": template,
        "Sequence of ByteLevel": processors.Sequence([processors.ByteLevel()]),
        "Sequence with a template": processors.Sequence([processors.ByteLevel(), template]),
        "Sequence with RobertaProcessing": processors.Sequence([processors.RobertaProcessing(sep, cls), processors.ByteLevel()]),
    }
    layouts = {f"post-processor {kind}": {"post_processor": json_of(processor)} for kind, processor in kinds.items()}
    steps = BERT_STEPS if isinstance(backend.model, models.WordPiece) else ROBERTA_STEPS
    cutting = CUTTING if isinstance(backend.model, models.WordPiece) else {}
    texts = [(CORPUS[0],), *PAIRS]
    return [
        *(variant(backend, kind, changes, texts) for kind, changes in {**layouts, "no post-processor": {"post_processor": None}}.items()),
        *(variant(backend, kind, changes, [(text,) for text in DIFFICULT]) for kind, changes in steps.items()),
        *(variant(backend, kind, {"normalizer": None, "pre_tokenizer": json_of(step)}, [(text,) for text in BOUNDARIES]) for kind, step in cutting.items()),
    ]


def json_of(step) -> dict:
    return json.loads(step.__getstate__())


BERT_STEPS = {
    "upper case kept": {"normalizer": json_of(normalizers.BertNormalizer(lowercase=False))},
    "accents kept": {"normalizer": json_of(normalizers.BertNormalizer(strip_accents=False))},
    "ideographs together": {"normalizer": json_of(normalizers.BertNormalizer(handle_chinese_chars=False))},
    "a sequence of normalisers": {
        "normalizer": json_of(normalizers.Sequence([normalizers.NFKC(), normalizers.BertNormalizer(lowercase=True)]))
    },
}
# Texts whose words begin at odd places, for the steps that cut: WordPiece's ids show where a word begins.
BOUNDARIES = [
    "a1b22 c333, ½ ² Ⅷ ٣٤ 1½",
    "don't!! stop... (now) «x» $5+a=b^c",
    "  two  blanks\t\ttabs\nlines\r\n end ",
    "no\u00a0break ideographic\u3000space next\u0085line \ufeffmark",
    "日本語 中文 a\u0301e\u0301 snake_case joined\u200cup",
    "emoji 😀😀 👩‍👩‍👧 x 1. 2, three! 4? straße1ς\ufeffb\u0085c",
]
BEHAVIORS = ["isolated", "removed", "merged_with_previous", "merged_with_next", "contiguous"]
CUTTING = {
    "Whitespace": pre_tokenizers.Whitespace(),
    "WhitespaceSplit": pre_tokenizers.WhitespaceSplit(),
    "Digits one by one": pre_tokenizers.Digits(individual_digits=True),
    "Digits together": pre_tokenizers.Digits(individual_digits=False),
    **{f"Punctuation {behavior}": pre_tokenizers.Punctuation(behavior) for behavior in BEHAVIORS},
    **{f"Split by a text, {behavior}": pre_tokenizers.Split(" ", behavior) for behavior in BEHAVIORS},
    **{
        f"Split by a pattern, {behavior}{', inverted' * invert}": pre_tokenizers.Split(Regex(r"\w+|\s"), behavior, invert)
        for behavior in BEHAVIORS
        for invert in (False, True)
    },
}
ROBERTA_STEPS = {
    "a blank before the text": {"pre_tokenizer": json_of(pre_tokenizers.ByteLevel(add_prefix_space=True))},
    "lower case": {"normalizer": json_of(normalizers.Lowercase())},
    "digits split first": {
        "pre_tokenizer": json_of(
            pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)])
        )
    },
    "its own split": {
        "pre_tokenizer": json_of(
            pre_tokenizers.Sequence(
                [
                    pre_tokenizers.Split(Regex(r"\p{L}+|[^\p{L}]"), "isolated"),
                    pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
                ]
            )
        )
    },
}


def variant(backend: Tokenizer, kind: str, changes: dict, texts: list[tuple]) -> dict:
    changed = fast(Tokenizer.from_str(json.dumps({**json.loads(backend.to_str()), **changes})), {})
    return {"kind": kind, "changes": changes, "cases": [case(changed, pair) for pair in texts]}


def write(name: str, tokenizer: PreTrainedTokenizerFast) -> None:
    backend = tokenizer.backend_tokenizer
    content = {
        "made_by": f"{Path(__file__).name}, transformers {transformers.__version__}, tokenizers {tokenizers.__version__}",
        "tokenizer": json.loads(backend.to_str()),
        "config": {f"{role}_token": named for role in ROLES if (named := getattr(tokenizer, f"{role}_token")) is not None},
        "specialTokens": {role: getattr(tokenizer, f"{role}_token_id") for role in ROLES},
        "vocabularySize": len(tokenizer),
        "texts": [spelled(tokenizer, texts) for texts in [*((text,) for text in DIFFICULT), *PAIRS]],
        "truncated": truncated(tokenizer),
        "truncatedLeft": truncated_left(tokenizer),
        "variants": variants(tokenizer),
    }
    write_json(name, content)


def write_minilm(folder: str) -> None:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    texts = [*((text,) for text in [*DIFFICULT, *sorted(set(CORPUS))]), *PAIRS, *zip(CORPUS[:4], CORPUS[4:8])]
    cases = [case(tokenizer, text, limit) for text in texts for limit in (128, 16)]
    write_json("minilm-expected", {"vocabularySize": len(tokenizer), "cases": cases})


def write_json(name: str, content: dict) -> None:
    FIXTURES.mkdir(parents=True, exist_ok=True)
    lines = [f"{json.dumps(key)}: {lines_of(value) if isinstance(value, list) else json.dumps(value)}" for key, value in content.items()]
    (FIXTURES / f"{name}.json").write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def lines_of(values: list) -> str:
    return "[\n" + ",\n".join(json.dumps(value) for value in values) + "\n]"


if __name__ == "__main__":
    write("bert", bert())
    write("roberta", roberta())
    for folder in sys.argv[1:]:
        write_minilm(folder)
