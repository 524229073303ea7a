"""Writes test/fixtures/parquet/: small tables as pyarrow writes them, and rows.json, what is in them.

Needs pyarrow, which nothing else does: pip install pyarrow==26.0.1.
"""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

FOLDER = Path(__file__).parents[2] / "test/fixtures/parquet"

# GLUE on the hub: whole numbers of 64 and 32 bits, class names in the metadata that the datasets library writes.
MNLI = {
    "premise": ["A man sings.", "Nobody “sleeps” 名.", "It rains,\nit pours."],
    "hypothesis": ["A man is silent.", "They wake.", "It is wet."],
    "label": [2, 1, 0],
    "idx": [0, 1, 2],
}
MNLI_SCHEMA = pa.schema(
    [("premise", pa.string()), ("hypothesis", pa.string()), ("label", pa.int64()), ("idx", pa.int32())]
)
NAMES = ["entailment", "neutral", "contradiction"]
FEATURES = {
    "premise": {"dtype": "string", "_type": "Value"},
    "hypothesis": {"dtype": "string", "_type": "Value"},
    "label": {"names": NAMES, "_type": "ClassLabel"},
    "idx": {"dtype": "int32", "_type": "Value"},
}
HUGGINGFACE = {"huggingface": json.dumps({"info": {"features": FEATURES}})}

STSB = {"sentence1": ["a", "b"], "sentence2": ["c", "d"], "label": [3.5, 0.0], "idx": [0, 1]}
STSB_SCHEMA = pa.schema(
    [("sentence1", pa.string()), ("sentence2", pa.string()), ("label", pa.float32()), ("idx", pa.int32())]
)

TURN = pa.struct([("role", pa.string()), ("content", pa.string())])
CHAT = {
    "messages": [
        [{"role": "user", "content": "So?"}, {"role": "assistant", "content": "Yes."}],
        [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": "Because."}],
    ],
    "score": [None, 2**60],
    "kept": [True, False],
}
CHAT_SCHEMA = pa.schema([("messages", pa.list_(TURN)), ("score", pa.int64()), ("kept", pa.bool_())])


def write(name, columns, schema, **options):
    pq.write_table(pa.table(columns, schema=schema), FOLDER / name, **options)


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.iterdir():
        old.unlink()
    mnli = MNLI_SCHEMA.with_metadata(HUGGINGFACE)
    for codec in ["snappy", "zstd", "gzip", "brotli", "lz4", "none"]:
        write(f"mnli-{codec}.parquet", MNLI, mnli, compression=codec, row_group_size=2)
    unnamed = {**MNLI, "label": [-1, -1, -1]}
    write("unlabelled.parquet", unnamed, mnli)
    write("version1.parquet", MNLI, MNLI_SCHEMA, version="1.0", data_page_version="1.0", use_dictionary=False)
    write("pages2.parquet", MNLI, MNLI_SCHEMA, version="2.6", data_page_version="2.0")
    write("stsb.parquet", STSB, STSB_SCHEMA)
    write("chat.parquet", CHAT, CHAT_SCHEMA)
    write("empty.parquet", {name: [] for name in STSB}, STSB_SCHEMA)
    chat = {**CHAT, "score": [None, str(2**60)]}
    rows = {"mnli": MNLI, "unlabelled": unnamed, "stsb": STSB, "chat": chat, "names": NAMES}
    (FOLDER / "rows.json").write_text(json.dumps(rows, ensure_ascii=False, indent=1) + "\n")


main()
