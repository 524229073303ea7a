"""Where the tokens of difficult texts stand in them, by the tokenizers library, for test/fixtures/squad/offsets.json.

The tokenizers are those of test/fixtures/tokenizer/ as they are and with every change that is recorded there, some with further
normalizers, and that of the bundled model. Given the folder of all-MiniLM-L6-v2, its offsets are written too. Offsets are ranges of
UTF-16 units, begin and end in turn, of a text without special tokens around it; `texts` are those of every case, or its first ones.
"""
import json
import sys
from pathlib import Path

import tokenizers
from tokenizer_fixture import BOUNDARIES, DIFFICULT, json_of
from tokenizers import Regex, Tokenizer, normalizers, pre_tokenizers, processors

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "test" / "fixtures"

# The first ones are those of every case.
EXTRA = [
    "Élan ÉLAN E\u0301lan \u1e69 s\u0323\u0307 s\u0307\u0323 q\u0323\u0301x e\u0323\u0301 u\u0301\u0301",
    "  two  blanks\t\ttabs\nlines\r\n   end \u00a0\u3000 ",
    "a😀b 👩‍👩‍👧 🏳️‍🌈 𝒜𝓫 😀😀 done",
    "ﬁne ½ ① ㌔ ｶﾞ 가각 \u1100\u1161\u11a8 ™\x1eg Ω Å",
    " İstanbul ΣΑΣ straße—‘x’ don't 日本語𠀀.",
    "\u0301 begins with a mark,\u00adend\u200b ",
    "▁ literal ▁▁ <0x41> $5 ",
    "  <mask> behind blanks",
    "[MASK] one [SEP]  <mask>  two</s><mask> <s>three ",
]
TEXTS = [*EXTRA, *(text for text in DIFFICULT if len(text) < 200), *BOUNDARIES, "नमस्ते दुनिया e\u0301e\u0301"]

NORMALIZERS = {
    "NFD": normalizers.NFD(),
    "NFC": normalizers.NFC(),
    "NFKD": normalizers.NFKD(),
    "NFKC": normalizers.NFKC(),
    "NFD without accents": normalizers.Sequence([normalizers.NFD(), normalizers.StripAccents()]),
    "NFKC after NFD": normalizers.Sequence([normalizers.NFD(), normalizers.NFKC(), normalizers.Lowercase()]),
    "blanks as one, and trimmed": normalizers.Sequence(
        [normalizers.Replace(Regex(r"\s+"), " "), normalizers.Strip(), normalizers.Prepend("__")]
    ),
    "more put in than was": normalizers.Sequence([normalizers.Replace("e", "eee"), normalizers.Replace(Regex("l|n"), "")]),
    "trimmed on the left": normalizers.Strip(left=True, right=False),
    "trimmed on the right": normalizers.Sequence([normalizers.Lowercase(), normalizers.Strip(left=False, right=True)]),
}
TRIMS = {
    "offsets not trimmed": processors.ByteLevel(trim_offsets=False),
    "offsets trimmed, a blank before": processors.ByteLevel(trim_offsets=True, add_prefix_space=True),
    "offsets trimmed, no blank before": processors.ByteLevel(trim_offsets=True, add_prefix_space=False),
}
BARE_BYTES = pre_tokenizers.ByteLevel(add_prefix_space=True, use_regex=False)
# A word that is normalized before it is looked for, and takes the blanks around it.
ADDED = {"id": 9999, "content": "Élan", "single_word": False, "lstrip": True, "rstrip": True, "normalized": True, "special": False}


def offsets(tokenizer: Tokenizer, text: str) -> list[int]:
    units = [0]
    for character in text:
        units.append(units[-1] + (2 if ord(character) > 0xFFFF else 1))
    return [units[place] for span in tokenizer.encode(text, add_special_tokens=False).offsets for place in span]


def case(name: str, kind: str, file: dict, texts: list[str], **changes) -> dict:
    tokenizer = Tokenizer.from_str(json.dumps({**file, **changes}))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return {"tokenizer": name, "kind": kind, "offsets": [offsets(tokenizer, text) for text in texts]}


def cases(name: str) -> list[dict]:
    fixture = json.loads((FIXTURES / "tokenizer" / f"{name}.json").read_text(encoding="utf-8"))
    file, few = fixture["tokenizer"], TEXTS[: len(EXTRA)]
    kinds = {
        **({kind: {"normalizer": json_of(step)} for kind, step in NORMALIZERS.items()} if name in ("bert", "roberta") else {}),
        **({kind: {"post_processor": json_of(step)} for kind, step in TRIMS.items()} if name in ("roberta", "llama") else {}),
        **({"a blank before, and no words": {"pre_tokenizer": json_of(BARE_BYTES)}} if name == "roberta" else {}),
        "a word of its own": {"added_tokens": [*file["added_tokens"], {**ADDED, "id": fixture["vocabularySize"]}]},
    }
    return [
        case(name, "as it is", file, TEXTS),
        *(case(name, variant["kind"], file, few, **variant["changes"]) for variant in fixture["variants"]),
        *({**case(name, kind, file, few, **changes), "changes": changes} for kind, changes in kinds.items()),
    ]


def write(name: str, content: dict) -> None:
    lines = [f"{json.dumps(key)}: {lines_of(value) if key == 'cases' else json.dumps(value)}" for key, value in content.items()]
    path = FIXTURES / "squad" / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def lines_of(values: list) -> str:
    return "[\n" + ",\n".join(json.dumps(value, separators=(",", ":")) for value in values) + "\n]"


def read(folder: Path) -> dict:
    return json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))


if __name__ == "__main__":
    bundled = case("rocoft-small", "as it is", read(ROOT / "models" / "rocoft-small"), TEXTS)
    all_cases = [*(made for name in ("bert", "roberta", "llama", "unigram") for made in cases(name)), bundled]
    write("offsets", {"made_by": f"{Path(__file__).name}, tokenizers {tokenizers.__version__}", "texts": TEXTS, "cases": all_cases})
    for folder in sys.argv[1:]:
        made = case("minilm", "as it is", read(Path(folder)), TEXTS)
        write("offsets-minilm", {"made_by": Path(__file__).name, "texts": TEXTS, "cases": [made]})
