"""Writes test/fixtures/rouge.json: texts with what rouge_score makes of them, and words with nltk's stems.

    python scripts/reference/rouge_fixture.py TEXT

It needs rouge_score 0.1.2 and nltk 3.10.4. TEXT is any English text, whose words are stemmed; the fixture's are of 1,000
rows of XSum's test set, as a file of JSON lines.
"""

import json
import random
import re
import sys
from collections import Counter
from pathlib import Path

from nltk.stem.porter import PorterStemmer
from rouge_score.rouge_scorer import RougeScorer
from rouge_score.tokenizers import DefaultTokenizer

TYPES = ["rouge1", "rouge2", "rougeL", "rougeLsum"]
scorers = {stemmed: RougeScorer(TYPES, use_stemmer=stemmed) for stemmed in (False, True)}
random = random.Random(0)

# Texts that are written for one property each.
WRITTEN = [
    ("The quick brown fox jumps over the lazy dog", "The quick brown dog jumps on the log."),
    ("police killed the gunman", "police kill the gunman"),
    ("the cat sat on the mat .\nthe dog barked", "the dog barked\nthe cat was on the mat"),
    ("the cat sat on the mat . the dog barked", "the dog barked . the cat was on the mat"),
    ("running studies quickly", "runs study quick"),
    ("one two three four", "four three two one"),
    ("Müller's café costs £80m", "Muller's cafe costs 80m"),
    ("a", "a"),
    ("", "a"),
    ("a", ""),
    ("", ""),
    ("\n\n", " . \n"),
    ("...", "!?"),
    ("\na b\n\n c\n", "a\n \nb c"),
    ("one\r\ntwo\x85three\u2028four\x0bfive", "one two\nthree four five"),
    ("one two\u2028three\rfour\x85five", "three\rfour\x85five\u2028one two"),
    ("\u212Aelvin \u0130stanbul STRASSE ſmall ﬁne", "kelvin istanbul strasse small fine"),
    ("２０ ²³ Ⅷ 日本語 😀", "20 23 viii"),
    ("the the the the", "the the"),
    ("a b a b a\nb a b", "b a\na b b a b"),
    ("w x\nx w\nw w x x", "x w x\nw x w"),
]
SEVERAL = [["police killed the gunman", "officers shot the gunman dead"], ["", "gunman"], ["", ""]]
TOKENS = ['It\'s £80m — "well-known" U.S. café_2!', "running flies dies dogs was", "", "İ\u212A", "naïve Œuvre x1y2"]
# Every step of the stemmer, with words at which its versions differ.
STEMS = """caresses ponies agreed plastered motoring sized hopping falling failing happy enjoy relational conditional digitizer
operator decisiveness electriciti hopeful goodness airliner adjustable replacement adoption angulariti homologous
effective probate cease controll roll skies sky says flying spied dying lying tying died tied ties dies knightly
university news innings outing cannings howe proceed exceed succeed generalizations feed bled sing filing hissing
fizzed troubled conflated syzygy toy yyyyed bys dyed oxen ale owed aged used geologi theologi relationalli fulfulli
x1ied 2000s sses s ss is a by ies ied eed ing ed alli logi ousli ion sion tion able nationalism radically formality
sensibility vietnamization triplicate formative hopefully""".split()


def sentences(vocabulary, most):
    """Up to `most` lines of random words, with the signs that stand between words."""
    lines = []
    for _ in range(random.randint(1, most)):
        words = random.choices(vocabulary, k=random.randint(1, 9))
        lines.append("".join(word + random.choice([" ", " ", " ", ", ", "-", " – "]) for word in words).strip())
    return random.choice(["\n", "\n", " . ", ".\n"]).join(lines)


LETTERS = ["a", "b", "c", "d"]
FORMS = "study studies studied Studying quick quickly national nationally The the of café naïve dog's 3rd".split()


def drawn(i, references):
    """Texts of few words, so that lines have several longest common subsequences, or of many forms of a few stems."""
    vocabulary = FORMS if i % 2 else LETTERS[: random.randint(2, 4)]
    return [sentences(vocabulary, 4) for _ in range(references)], sentences(vocabulary, 3), i % 4 == 3


def case(references, prediction, stemmed):
    """The best score of each type, as precision, recall and F."""
    best = scorers[stemmed].score_multi(references, prediction)
    scores = {name: [float(share) for share in best[name]] for name in TYPES}
    return {"references": references, "prediction": prediction, "useStemmer": stemmed, "scores": scores}


def stems(text):
    """What the stemmer makes of 2,000 frequent words, 200 of them such as Porter's own version treats otherwise."""
    counts = Counter(re.findall("[a-z]{3,}", text.lower()))
    words = sorted(word for word, count in counts.items() if count > 2)
    stemmer, published = PorterStemmer(), PorterStemmer(PorterStemmer.MARTIN_EXTENSIONS)
    apart = [word for word in words if stemmer.stem(word) != published.stem(word)]
    chosen = {*STEMS, *random.sample(apart, 200)}
    chosen |= set(random.sample([word for word in words if word not in chosen], 2000 - len(chosen)))
    return {word: stemmer.stem(word) for word in sorted(chosen)}


def rows(items):
    return "[\n" + ",\n".join(json.dumps(item, ensure_ascii=False) for item in items) + "\n]"


pairs = [case([reference], prediction, stemmed) for reference, prediction in WRITTEN for stemmed in (False, True)]
pairs += [case(references, "officers killed the gunman", True) for references in SEVERAL]
pairs += [case(*drawn(i, 1)) for i in range(200)]
pairs += [case(*drawn(i, random.randint(2, 4))) for i in range(40)]
tokens = [{"text": text, "words": [DefaultTokenizer(stemmed).tokenize(text) for stemmed in (False, True)]} for text in TOKENS]
found = json.dumps(stems(Path(sys.argv[1]).read_text(encoding="utf8")))
path = Path(__file__).resolve().parents[2] / "test" / "fixtures" / "rouge.json"
path.write_text(f'{{\n"pairs": {rows(pairs)},\n"tokens": {rows(tokens)},\n"stems": {found}\n}}\n', encoding="utf8")
