"""Prompts spelt out by hand and tokenised by the tokenizers library, for test/fixtures/templates.json.

Each case is a template in LM-BFF's language, an example's texts, and what the template comes to: special tokens, vocabulary items
and strings, as LM-BFF (Gao et al. 2021) reads its templates. Strings are tokenised apart from each other and without special tokens.
The tokenizers are those of the bundled model (byte-level) and of test/fixtures/tokenizer/bert.json (WordPiece).
"""
import json
from pathlib import Path

from tokenizers import Tokenizer

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "test" / "fixtures"
CLS, SEP, MASK = object(), object(), object()

PREMISE, HYPOTHESIS = "No Weapons of Mass Destruction Found in Iraq Yet.", "Weapons of Mass Destruction Found in Iraq."

# template, texts, what they come to, and in which part (counted from 0) the second segment begins
CASES = [
    (
        "*cls**sent_0*_It_was*mask*.*sep+*",
        ["one long string of cliches ."],
        [CLS, "one long string of cliches .", " It was", MASK, (".",), SEP],
        None,
    ),
    (
        "*cls**sent-_0*?*mask*,*+sentl_1**sep+*",
        [PREMISE, HYPOTHESIS],
        [CLS, PREMISE[:-1], ("?",), MASK, (",",), " w" + HYPOTHESIS[1:], SEP],
        None,
    ),
    (
        "*cls**sent_0**mask*,*+sentl_1**sep+*",
        ["He said no .", "They agreed ."],
        [CLS, "He said no .", MASK, (",",), " they agreed .", SEP],
        None,
    ),
    ("*cls**mask*:*+sent_0**sep+*", ["Who was Galileo ?"], [CLS, MASK, (":",), " Who was Galileo ?", SEP], None),
    (
        "*cls**sent_0*_This_article_is_about*mask*_news.*sep+*",
        ["Oil falls."],
        [CLS, "Oil falls.", " This article is about", MASK, " news.", SEP],
        None,
    ),
    (
        "*cls**sentl_0**sep+**mask*?*+sentu_1**sep*",
        ["The one", "the other"],
        [CLS, "the one", SEP, MASK, ("?",), " The other", SEP],
        3,
    ),
    (
        "*cls**sentl-_0*_:_*mask**+sent-_1**sep*",
        ["The one.", "the other."],
        [CLS, "the one", " : ", MASK, " the other", SEP],
        None,
    ),
    ("*cls**sent_0*_*mask**sep*", ["a"], [CLS, "a", " ", MASK, SEP], None),
]


def expand(tokenizer: Tokenizer, parts: list, second: int | None, special: dict[object, str]) -> dict:
    ids, type_ids = [], []
    for i, part in enumerate(parts):
        if isinstance(part, str):
            new = tokenizer.encode(part, add_special_tokens=False).ids
        else:
            new = [tokenizer.token_to_id(special.get(part) or part[0])]
        ids += new
        type_ids += [int(second is not None and i >= second)] * len(new)
    return {"tokens": [tokenizer.id_to_token(i) for i in ids], "typeIds": type_ids}


if __name__ == "__main__":
    bert = json.loads((FIXTURES / "tokenizer" / "bert.json").read_text())["tokenizer"]
    tokenizers = {
        "rocoft-small": (
            Tokenizer.from_file(str(ROOT / "models" / "rocoft-small" / "tokenizer.json")),
            {CLS: "<s>", SEP: "</s>", MASK: "<mask>"},
        ),
        "bert": (Tokenizer.from_str(json.dumps(bert)), {CLS: "[CLS]", SEP: "[SEP]", MASK: "[MASK]"}),
    }
    made = {
        name: [
            {"template": template, "texts": texts, **expand(tokenizer, parts, second, special)}
            for template, texts, parts, second in CASES
        ]
        for name, (tokenizer, special) in tokenizers.items()
    }
    (FIXTURES / "templates.json").write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n")
