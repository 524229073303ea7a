/** The folder in which the commands of a page run: what pages call models and data, made small. */
import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { decodeSafetensors, encodeSafetensors } from "../../src/formats/safetensors.ts";
import { type Tensor, tensor, toFloat32 } from "../../src/tensor/tensor.ts";
import { makeSst2, makeTinyModel, reviews, scratchFolder, write } from "../tiny-model.ts";

const root = join(import.meta.dirname, "..", "..");
const commit = "0".repeat(40);

export interface PageWorkshop {
  readonly folder: string;
  /** What programs need in their environment to find the models of the hub and the command `rocoft` there. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * A scratch folder with the package as npm would install it, and with
 *
 *     sentence-transformers/all-MiniLM-L6-v2, roberta-base    on the hub (in its cache): tiny, with random weights
 *     MINILM/                                                 the former as a folder
 *     HuggingFaceTB/SmolLM2-135M-Instruct                     on the hub too: a decoder with a chat template
 *     glue/sst2/, SST2/                                       reviews in the form of SST-2: train.tsv, dev.tsv
 *     squad/                                                  questions in the form of SQuAD v2.0: train.jsonl, dev.jsonl
 *     tickets.csv                                             the tickets of examples/own-csv: message, team
 *     notes.txt                                               paragraphs of text
 */
export function pageWorkshop(): PageWorkshop {
  const folder = scratchFolder();
  const path = (...parts: readonly string[]) => join(folder, ...parts);
  write(path("package.json"), JSON.stringify({ type: "module", private: true }));
  mkdirSync(path("node_modules", ".bin"), { recursive: true });
  symlinkSync(root, path("node_modules", "rocoft"));
  symlinkSync(join(root, "bin", "rocoft.js"), path("node_modules", ".bin", "rocoft"));

  makeTinyEncoder(path("MINILM"), "bert-headless");
  const cache = path("huggingface", "hub");
  makeCached(cache, "sentence-transformers/all-MiniLM-L6-v2", "bert-headless");
  makeCached(cache, "roberta-base", "roberta-classification");
  const chatModel = makeCached(cache, "HuggingFaceTB/SmolLM2-135M-Instruct", "llama-lm");
  write(join(chatModel, "tokenizer_config.json"), JSON.stringify({ chat_template: chatTemplate }));

  for (const data of [path("glue", "sst2"), path("SST2")]) makeSst2(data);
  for (const [name, seed] of Object.entries({ train: 7, dev: 8 }))
    write(path("squad", `${name}.jsonl`), questions(seed));
  copyFileSync(join(root, "examples", "own-csv", "tickets.csv"), path("tickets.csv"));
  const notes = reviews(60, 6).map(({ text }) => text);
  write(path("notes.txt"), notes.join("\n\n"));

  const PATH = [path("node_modules", ".bin"), process.env["PATH"]].join(":");
  return { folder, env: { PATH, HF_HOME: path("huggingface"), HF_HUB_OFFLINE: "1" } };
}

/** What a review says of the film; nothing of every third. */
function questions(seed: number): string {
  const rows = reviews(12, seed).map(({ text }, i) => {
    const answer = text.split(" ").at(-2)!;
    const answers = i % 3 === 0 ? [] : [{ text: answer, answer_start: text.lastIndexOf(answer) }];
    return { id: `${seed}-${i}`, question: "How is it?", context: text, answers };
  });
  return rows.map((row) => `${JSON.stringify(row)}\n`).join("");
}

/** As the hub's own tools lay a model down that was downloaded (src/hub/cache.ts). */
function makeCached(cache: string, id: string, fixture: string): string {
  const repository = join(cache, `models--${id.replaceAll("/", "--")}`);
  write(join(repository, "refs", "main"), commit);
  const folder = join(repository, "snapshots", commit);
  makeTinyEncoder(folder, fixture);
  return folder;
}

const chatTemplate = "{% for message in messages %}{{ message.content }} . {% endfor %}";

/** A tiny model that reads sequences of 128 tokens, the default: the rows of its positions come again and again. */
function makeTinyEncoder(folder: string, fixture: string): void {
  const positions = 130;
  makeTinyModel(folder, fixture, { max_position_embeddings: positions });
  const file = join(folder, "model.safetensors");
  const tensors = [...decodeSafetensors(readFileSync(file), file)].map(([name, value]): [string, Tensor] => [
    name,
    name.endsWith("position_embeddings.weight") ? repeated(value, positions) : value,
  ]);
  writeFileSync(file, Buffer.concat(encodeSafetensors(new Map(tensors))));
}

function repeated(rows: Tensor, count: number): Tensor {
  const width = rows.shape[1]!;
  const { data } = toFloat32(rows);
  return tensor(
    "float32",
    [count, width],
    Float32Array.from({ length: count * width }, (_, i) => data[i % data.length]!),
  );
}
