"""transformers' Trainer on sentences, or pairs of them, and labels, from command to end: how long a person waits, and for what accuracy.

The files are JSON lines, or TSV with a header, read without quoting; columns are `sentence`, or `sentence1` and `sentence2`, and `label`. The model is evaluated on the
second file after the last step, and one JSON line is printed. A classifier that the checkpoint lacks starts from N(0, 0.02²)
with zero biases; it is trained whole and, in BERT, so is the pooler that feeds it. Batches are padded to their longest
sentence and grouped by length. Dropout is off unless asked for.
"""
import argparse
import csv
import json
import tempfile
import time

START = time.perf_counter()

import torch
import transformers
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    PrinterCallback,
    Trainer,
    TrainingArguments,
)

import memory
import methods

QUIET_ON_CPU = dict(save_strategy="no", logging_strategy="no", report_to=[], disable_tqdm=True, use_cpu=True)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="a model folder")
    parser.add_argument("train", help="a file of TSV or JSON lines")
    parser.add_argument("dev", help="a file of TSV or JSON lines")
    parser.add_argument("--method", default="rows", choices=methods.METHODS)
    parser.add_argument("--rank", type=int, default=3, help="of rows and columns; LoRA has r 8, alpha 16")
    parser.add_argument("--train_bias", action="store_true", help="with rows or columns: their linears' biases too")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--epochs", type=float, default=1)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--warmup_steps", type=int, default=100)
    parser.add_argument("--max_grad_norm", type=float, default=1.0, help="0 leaves gradients as they are")
    parser.add_argument("--max_length", type=int, default=128)
    parser.add_argument("--max_train_samples", type=int)
    parser.add_argument("--dropout", action="store_true", help="keep the checkpoint's dropout")
    parser.add_argument("--bf16", action="store_true")
    parser.add_argument("--threads", type=int, help="torch's own choice unless given")
    args = parser.parse_args()
    if args.train_bias and args.method not in ("rows", "columns"):
        parser.error(f"--train_bias: the method is {args.method}, expected rows or columns")
    return args


def read(path, limit=None):
    with open(path, encoding="utf-8", newline="") as file:
        if path.endswith(".jsonl"):
            return [json.loads(line) for line in file][:limit]
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))[:limit]


def encode(rows, tokenizer, labels, max_length):
    columns = ["sentence"] if "sentence" in rows[0] else ["sentence1", "sentence2"]
    texts = [[row[column] for row in rows] for column in columns]
    encoded = tokenizer(*texts, truncation=True, max_length=max_length)
    numbers = [labels[row["label"]] for row in rows]
    return [dict(zip(encoded, values), labels=number) for *values, number in zip(*encoded.values(), numbers)]


def load(args, labels):
    rates = ("hidden_dropout_prob", "attention_probs_dropout_prob", "classifier_dropout")
    dropout = {} if args.dropout else dict.fromkeys(rates, 0.0)
    model, info = AutoModelForSequenceClassification.from_pretrained(
        args.model, num_labels=len(labels), dtype=torch.float32, output_loading_info=True, **dropout
    )
    generator = torch.Generator().manual_seed(args.seed)
    with torch.no_grad():
        for name in sorted(info["missing_keys"]):
            parameter = model.get_parameter(name)
            parameter.zero_() if name.endswith("bias") else parameter.normal_(0.0, 0.02, generator=generator)
    return methods.attach(model, args.method, args.rank, args.train_bias)


def accuracy(prediction):
    return {"accuracy": float((prediction.predictions.argmax(-1) == prediction.label_ids).mean())}


def main():
    args = arguments()
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    transformers.set_seed(args.seed)
    if args.threads:
        torch.set_num_threads(args.threads)
    train_rows, dev_rows = read(args.train, args.max_train_samples), read(args.dev)
    labels = {label: number for number, label in enumerate(sorted({row["label"] for row in train_rows + dev_rows}))}
    tokenizer = AutoTokenizer.from_pretrained(args.model)
    model = load(args, labels)
    with tempfile.TemporaryDirectory() as folder:
        trainer = Trainer(
            model=model,
            args=TrainingArguments(
                output_dir=folder,
                seed=args.seed,
                num_train_epochs=args.epochs,
                per_device_train_batch_size=args.batch,
                per_device_eval_batch_size=64,
                learning_rate=args.lr,
                lr_scheduler_type="cosine",
                warmup_steps=args.warmup_steps,
                weight_decay=0.0,
                max_grad_norm=args.max_grad_norm,
                train_sampling_strategy="group_by_length",
                bf16=args.bf16,
                **QUIET_ON_CPU,
            ),
            train_dataset=encode(train_rows, tokenizer, labels, args.max_length),
            eval_dataset=encode(dev_rows, tokenizer, labels, args.max_length),
            data_collator=DataCollatorWithPadding(tokenizer),
            compute_metrics=accuracy,
        )
        trainer.remove_callback(PrinterCallback)
        memory.restart_peak()
        outcome = trainer.train()
        metrics = trainer.evaluate()
    result = dict(
        accuracy=metrics["eval_accuracy"],
        loss=outcome.training_loss,
        steps=outcome.global_step,
        seconds=round(time.perf_counter() - START, 1),
        train_seconds=round(outcome.metrics["train_runtime"], 1),
        peak_mib=memory.peak_mib(),
        **methods.trained(model),
        torch=torch.__version__,
        transformers=transformers.__version__,
    )
    print(json.dumps(vars(args) | result))


if __name__ == "__main__":
    main()
