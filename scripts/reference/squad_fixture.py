"""What SQuAD's programs make of answers, and windows of contexts, for test/fixtures/squad/metrics.json and windows.json.

transformers no longer has the programs, and evaluate fetches them; the formulas of evaluate-v1.1.py and evaluate-v2.0.py are written
here anew, after their published text. Windows are those of the tokenizers of test/fixtures/tokenizer/, as run_qa.py makes them.
"""
import json
import random
import re
import string
from collections import Counter
from pathlib import Path

from tokenizers import Tokenizer
from transformers import PreTrainedTokenizerFast

FIXTURES = Path(__file__).resolve().parents[2] / "test" / "fixtures"

WORDS = [
    *"a an the The A An to be or not in Normandy normans 10th century U.S. Army's 1,000 1000 $1,000.50 Norman-French".split(),
    *"“the cat” — l’été Ça va ça ÇA İ İstanbul ΣΑΣ ΣΑΣ. a_b _ the_end théa aé éa ½ ² Ⅷ x² a² ٣ 日本 日本語 don't The. (the)".split(),
    "the\u00a0end", "a\u0301", "the\u0301", "\ufeffthe", "the\u200bcat", "end\u0085the", "x\u001cthe", "a\u001fb", "\u3000", "!!!", "", "...",
]  # fmt: skip


def tokens(answer: str) -> list[str]:
    bare = "".join(character for character in answer.lower() if character not in set(string.punctuation))
    return re.sub(r"\b(a|an|the)\b", " ", bare).split()


def normalized(answer: str) -> str:
    return " ".join(tokens(answer))


def exact(prediction: str, accepted: str) -> int:
    return int(normalized(prediction) == normalized(accepted))


def f1(prediction: str, accepted: str) -> float:
    predicted, gold = tokens(prediction), tokens(accepted)
    shared = sum((Counter(predicted) & Counter(gold)).values())
    if shared == 0:
        return 0
    precision, recall = shared / len(predicted), shared / len(gold)
    return 2 * precision * recall / (precision + recall)


def f1_or_none(prediction: str, accepted: str) -> float:
    predicted, gold = tokens(prediction), tokens(accepted)
    return int(predicted == gold) if not predicted or not gold else f1(prediction, accepted)


def squad(references: list[list[str]], predictions: list[str]) -> dict[str, float]:
    def mean(score) -> float:
        best = [max(score(prediction, one) for one in accepted) for prediction, accepted in zip(predictions, references)]
        return 100.0 * sum(best) / len(best)

    return {"exact_match": mean(exact), "f1": mean(f1)}


def squad_v2(references: list[list[str]], predictions: list[str], no_answer: list[float], threshold: float) -> dict[str, float]:
    def best(score) -> list[float]:
        golds = [[one for one in accepted if normalized(one)] or [""] for accepted in references]
        return [max(score(prediction, one) for one in gold) for prediction, gold in zip(predictions, golds)]

    has = [bool(accepted) for accepted in references]
    raw = {"exact": best(exact), "f1": best(f1_or_none)}
    final = {
        name: [float(not has[i]) if no_answer[i] > threshold else score for i, score in enumerate(scores)]
        for name, scores in raw.items()
    }
    result = {}
    for prefix, chosen in {"": range(len(has)), "HasAns_": [i for i in range(len(has)) if has[i]], "NoAns_": [i for i in range(len(has)) if not has[i]]}.items():
        if chosen:
            result |= {f"{prefix}{name}": 100.0 * sum(scores[i] for i in chosen) / len(chosen) for name, scores in final.items()}
            result[f"{prefix}total"] = len(chosen)
    for name, scores in raw.items():
        total = top = sum(not one for one in has)
        at = 0.0
        for i in sorted(range(len(has)), key=lambda question: no_answer[question]):
            total += scores[i] if has[i] else (-1 if predictions[i] else 0)
            if total > top:
                top, at = total, no_answer[i]
        result |= {f"best_{name}": 100.0 * top / len(has), f"best_{name}_thresh": at}
    return result


def answer(draw: random.Random, most: int = 4) -> str:
    return draw.choice([" ", "  ", "\t"]).join(draw.choice(WORDS) for _ in range(draw.randint(0, most)))


def prediction_file(seed: int, count: int, impossible: float) -> dict:
    """Questions with answers that are accepted, and predictions that are often like them."""
    draw = random.Random(seed)
    references, predictions, no_answer = [], [], []
    for _ in range(count):
        accepted = [] if draw.random() < impossible else [answer(draw) for _ in range(draw.randint(1, 3))]
        guess = draw.choice([answer(draw), "", *[one + draw.choice(["", " the", " century"]) for one in accepted] * 2])
        references.append(accepted)
        predictions.append(guess)
        no_answer.append(round(draw.uniform(-3, 5), 1))
    made = {"references": references, "predictions": predictions, "noAnswer": no_answer}
    if impossible == 0:
        made["squad"] = squad(references, predictions)
    made["squad_v2"] = [
        {"threshold": threshold, "scores": squad_v2(references, predictions, no_answer, threshold)} for threshold in (-1.0, 1.0, 9.0)
    ]
    return made


def metrics() -> dict:
    draw = random.Random(0)
    texts = [*WORDS, *(answer(draw, 6) for _ in range(150))]
    pairs = [(answer(draw), answer(draw)) for _ in range(150)]
    return {
        "normalized": [[text, normalized(text)] for text in texts],
        "pairs": [[a, b, exact(a, b), f1(a, b), f1_or_none(a, b)] for a, b in pairs],
        "files": [prediction_file(1, 200, 0), prediction_file(2, 200, 0.4), prediction_file(3, 30, 1)],
    }


PASSAGE = "The miller carried two sacks of flour up the hill. It was a dark éclair 😀 of a day; nobody liked the bridge, 日本! By evening the rain had stopped."
QUESTIONS = [
    ("  Who carried two sacks?", PASSAGE, "The miller"),
    ("\u00a0\tWhat stopped?", PASSAGE, "the rain"),
    ("What was the day?", "  " + PASSAGE, "a dark éclair 😀 of a day"),
    ("What did nobody like?", PASSAGE + "   ", "bridge"),
    ("What was lost?", PASSAGE, None),
    ("Where?", "up the hill", "the hill"),
    ("", "The end.", "end."),
    ("Why?", "", None),
    ("In what part of a word?", PASSAGE, "arrie"),
]
SIZES = {"bert": [(24, 4), (24, 0), (40, 16), (64, 20), (384, 128)], "roberta": [(20, 4), (40, 16), (384, 128)], "llama": [(40, 8)], "unigram": [(44, 2)]}


def windows(name: str) -> list[dict]:
    fixture = json.loads((FIXTURES / "tokenizer" / f"{name}.json").read_text(encoding="utf-8"))
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer.from_str(json.dumps(fixture["tokenizer"])),
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
        **fixture["config"],
    )
    return [cut(tokenizer, name, *question, *size) for question in QUESTIONS for size in SIZES[name]]


def cut(tokenizer: PreTrainedTokenizerFast, name: str, question: str, context: str, gold: str | None, limit: int, stride: int) -> dict:
    asked = {"tokenizer": name, "question": question, "context": context, "maxLength": limit, "stride": stride}
    asked["answer"] = None if gold is None else {"text": gold, "start": units(context, context.index(gold))}
    try:
        encoded = tokenizer(
            [question.lstrip()], [context], truncation="only_second", max_length=limit, stride=stride,
            return_overflowing_tokens=True, return_offsets_mapping=True,
        )  # fmt: skip
    except BaseException as error:  # the Rust library panics where a stride is too long
        assert "too short" in str(error) or "stride" in str(error), error
        return {**asked, "fails": True}
    return {**asked, "windows": [window(encoded, i, tokenizer.cls_token_id, context, gold) for i in range(len(encoded["input_ids"]))]}


def window(encoded, i: int, cls: int | None, context: str, gold: str | None) -> dict:
    ids, spans, sequence = encoded["input_ids"][i], encoded["offset_mapping"][i], encoded.sequence_ids(i)
    places = [at for at, which in enumerate(sequence) if which == 1]
    null = ids.index(cls) if cls in ids else 0
    start = end = null
    if gold is not None and places:
        begin = context.index(gold)
        first, last = places[0], places[-1]
        if spans[first][0] <= begin and spans[last][1] >= begin + len(gold):
            while first < len(spans) and sequence[first] == 1 and spans[first][0] <= begin:
                first += 1
            while last >= 0 and spans[last][1] >= begin + len(gold) and sequence[last] == 1:
                last -= 1
            start, end = first - 1, last + 1
    return {
        "ids": ids,
        # The library gives later windows the types of a pair, whatever the template says.
        "second": sum(encoded["token_type_ids"][i]) if i == 0 else None,
        "context": [places[0], places[-1] + 1, units(context, spans[places[0]][0]), units(context, spans[places[-1]][1])] if places else None,
        "labels": [start, end],
    }


def units(text: str, characters: int) -> int:
    """A count of characters as UTF-16 units."""
    return len(text[:characters].encode("utf-16-le")) // 2


def write(name: str, content: dict) -> None:
    lines = [f"{json.dumps(key)}: [\n" + ",\n".join(json.dumps(one, separators=(",", ":")) for one in values) + "\n]" for key, values in content.items()]
    (FIXTURES / "squad").mkdir(parents=True, exist_ok=True)
    (FIXTURES / "squad" / f"{name}.json").write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    write("metrics", metrics())
    write("windows", {"cases": [case for name in ("bert", "roberta", "llama", "unigram") for case in windows(name)]})
