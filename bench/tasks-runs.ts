/** What the study of the tasks runs: which model learns which task by which methods, and how it is scored. */

export type Part = "glue" | "squad" | "decoder" | "summary";
export type Source = "glue" | "squad" | "commonsense" | "math" | "summaries";
export type ModelKind = "encoder" | "decoder";
/** `none` is the model as it was published, before any training. */
export type MethodName = "none" | "rows" | "columns" | "lora" | "full" | "head";

interface StudiedMethod {
  readonly label: string;
  readonly flags: readonly string[];
  /** Fixed, the same for all tasks. */
  readonly learningRate: { readonly [kind in ModelKind]?: number };
}

export const methods: { readonly [M in Exclude<MethodName, "none">]: StudiedMethod } = {
  rows: {
    label: "RoCoFT, 3 rows",
    flags: ["--method", "rocoft", "--rank", "3"],
    learningRate: { encoder: 3e-3, decoder: 1e-3 },
  },
  columns: {
    label: "RoCoFT, 3 columns",
    flags: ["--method", "rocoft", "--rank", "3", "--update", "column"],
    learningRate: { encoder: 3e-3 },
  },
  lora: { label: "LoRA", flags: ["--method", "lora"], learningRate: { encoder: 1e-3, decoder: 1e-3 } },
  full: { label: "full", flags: ["--method", "full"], learningRate: { encoder: 1e-4 } },
  head: { label: "head", flags: ["--method", "head"], learningRate: { encoder: 3e-3 } },
};

export const labelOf = (method: MethodName): string => (method === "none" ? "before" : methods[method].label);

export interface Scored {
  readonly ways: readonly ("generation" | "likelihood")[];
  /** How many items at most, drawn by seed 42. */
  readonly items: number;
}

export interface StudiedTask {
  readonly part: Part;
  readonly task: string;
  readonly model: ModelKind;
  readonly source: Source;
  /** In the folder of the source: what is trained on, a file or a folder. */
  readonly train: string;
  /** In the folder of the source: what is scored, and what else is (MNLI's other genres). */
  readonly test: string;
  readonly mismatched?: string;
  /** As `rocoft train` takes them. */
  readonly settings: Readonly<Record<string, string | number>>;
  /** How `rocoft evaluate` scores; without it the scores are those at the end of training. */
  readonly scored?: Scored;
  readonly methods: readonly MethodName[];
  readonly seeds: readonly number[];
}

const SEEDS = [1, 2, 3];
/** One evaluation, behind the last step: no epoch is chosen by the data that is scored. */
const atTheEnd = { eval_steps: 1_000_000, save_steps: 1_000_000 };

/** Below so many training examples there are three epochs, else one. */
export const SMALL = 6_000;
const CAP = 10_000;

function glue(task: string, trainExamples: number, test: string, mismatched?: string): StudiedTask {
  return {
    ...{ part: "glue", task, model: "encoder", source: "glue", train: task, test: `${task}/${test}` },
    ...(mismatched !== undefined && { mismatched: `${task}/${mismatched}` }),
    settings: {
      ...atTheEnd,
      max_train_samples: CAP,
      max_seq_length: 128,
      num_train_epochs: trainExamples < SMALL ? 3 : 1,
    },
    methods: ["rows", "lora", "full", "head", "columns"],
    seeds: SEEDS,
  };
}

/** A thousand examples are learned from and a hundred are held out, of the training file alone. */
const decoderSettings = {
  ...atTheEnd,
  max_train_samples: 1_100,
  validation_split: 1 / 11,
  num_train_epochs: 3,
  warmup_steps: 20,
  per_device_train_batch_size: 4,
  gradient_accumulation_steps: 4,
  per_device_eval_batch_size: 4,
};

function commonsense(task: string, folder: string, test: string): StudiedTask {
  return {
    ...{ part: "decoder", task, model: "decoder", source: "commonsense" },
    ...{ train: `${folder}/train.jsonl`, test: `${folder}/${test}` },
    settings: { ...decoderSettings, max_seq_length: 256 },
    scored: { ways: ["likelihood", "generation"], items: 200 },
    methods: ["none", "rows", "lora"],
    seeds: [1],
  };
}

/** In the order in which they are run: small tasks first, and every task once before any again. */
export const studied: readonly StudiedTask[] = [
  glue("mrpc", 3_668, "dev.jsonl"),
  glue("rte", 2_490, "dev.tsv"),
  glue("stsb", 5_749, "dev.tsv"),
  glue("cola", 7_250, "dev.tsv"),
  commonsense("arc_easy", "arc_easy", "test.jsonl"),
  commonsense("openbookqa", "openbookqa", "test.jsonl"),
  commonsense("piqa", "piqa", "val.jsonl"),
  commonsense("boolq", "boolq", "val.jsonl"),
  glue("sst2", 67_349, "dev.tsv"),
  glue("qnli", 9_999, "dev.tsv"),
  glue("mnli", 9_999, "mnli_matched", "mnli_mismatched"),
  glue("qqp", 29_868, "dev.jsonl"),
  {
    ...{ part: "summary", task: "scitldr", model: "decoder", source: "summaries" },
    ...{ train: "scitldr/train.jsonl", test: "scitldr/test.jsonl" },
    settings: { ...decoderSettings, max_seq_length: 384 },
    scored: { ways: ["generation"], items: 50 },
    methods: ["none", "rows"],
    seeds: [1],
  },
  {
    ...{ part: "squad", task: "squad_v2", model: "encoder", source: "squad" },
    ...{ train: "train_10articles.jsonl", test: "dev_half_cs224n.jsonl" },
    settings: {
      ...atTheEnd,
      num_train_epochs: 3,
      max_seq_length: 384,
      doc_stride: 128,
      per_device_train_batch_size: 16,
      per_device_eval_batch_size: 32,
    },
    // More than ten minutes a seed on two cores; full fine-tuning, which takes longest, is not run.
    methods: ["rows", "lora", "head"],
    seeds: [1],
  },
  {
    ...{ part: "decoder", task: "gsm8k", model: "decoder", source: "math" },
    ...{ train: "gsm8k_train.jsonl", test: "gsm8k_test.jsonl" },
    // Its answers are whole derivations: an epoch is half an hour of a core.
    settings: { ...decoderSettings, num_train_epochs: 1, max_seq_length: 384 },
    scored: { ways: ["generation"], items: 100 },
    methods: ["none", "rows", "lora"],
    seeds: [1],
  },
];

export interface StudyRun {
  readonly studied: StudiedTask;
  readonly method: MethodName;
  readonly seed: number;
}

/** Every run, the most telling first. */
export const runs: readonly StudyRun[] = SEEDS.flatMap((seed) =>
  studied
    .filter(({ seeds }) => seeds.includes(seed))
    .flatMap((each) => each.methods.map((method) => ({ studied: each, method, seed }))),
);

export const nameOf = ({ studied: { task }, method, seed }: StudyRun): string => `${task}-${method}-${seed}`;

/** How many of QQP's pairs are held out, which has no labelled data to score on here, and the seed that draws them. */
export const heldOut = { pairs: 3_000, seed: 1 } as const;
