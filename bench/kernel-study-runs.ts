/** What the kernel study runs: two settings, six tasks, three splits of each, nine sets of parameters. */

export interface Setting {
  readonly name: string;
  /** null for the encoder that is given by `--model`. */
  readonly model: string | null;
  readonly flags: readonly string[];
}

export const settings: readonly Setting[] = [
  { name: "rocoft-small, prompt", model: "rocoft-small", flags: ["--prompt"] },
  { name: "MiniLM, classifier", model: null, flags: [] },
];

export interface StudiedTask {
  readonly task: string;
  /** Of LM-BFF's files. */
  readonly folder: string;
  readonly flags: readonly string[];
  /** Flags of the prompt setting alone. */
  readonly prompt?: readonly string[];
  /** How many of the test inputs, which are the same for every split, are of each class. */
  readonly testLabels: readonly number[];
}

/** Two classes are one output, as the published kernels have it. */
const binary = ["--binary_classification"];

/** The bundled encoder knows none of LM-BFF's words for TREC as single tokens. */
const words = "description:description,entity:thing,expression:letters,human:person,location:place,number:number";

export const tasks: readonly StudiedTask[] = [
  { task: "sst2", folder: "SST-2", flags: binary, testLabels: [428, 444] },
  { task: "mr", folder: "mr", flags: binary, testLabels: [510, 490] },
  { task: "trec", folder: "trec", flags: [], prompt: ["--mapping", words], testLabels: [138, 94, 9, 65, 81, 113] },
  { task: "rte", folder: "RTE", flags: binary, testLabels: [146, 131] },
  { task: "mrpc", folder: "MRPC", flags: binary, testLabels: [129, 279] },
  { task: "qnli", folder: "QNLI", flags: binary, testLabels: [485, 515] },
];

export const seeds: readonly number[] = [13, 42, 21];

export interface StudiedSet {
  readonly name: string;
  /** As `rocoft ntk` takes it, with the learning rate at which it is fine-tuned. */
  readonly spec: string;
}

/** The first is what the others are compared with. */
export const sets: readonly StudiedSet[] = [
  { name: "full", spec: "full:learning_rate=1e-4" },
  { name: "1 row", spec: "rocoft:rank=1:learning_rate=3e-3" },
  { name: "3 rows", spec: "rocoft:rank=3:learning_rate=3e-3" },
  { name: "1 column", spec: "rocoft:rank=1:update=column:learning_rate=3e-3" },
  { name: "3 columns", spec: "rocoft:rank=3:update=column:learning_rate=3e-3" },
  { name: "random entries", spec: "rocoft:rank=3:update=entries:learning_rate=3e-3" },
  { name: "LoRA", spec: "lora:learning_rate=3e-3" },
  { name: "BitFit", spec: "bitfit:learning_rate=3e-3" },
  { name: "head", spec: "head:learning_rate=3e-3" },
];

/** What every command has besides. */
export const common: readonly string[] = [
  ...["--shots", "16", "--fine_tune", "--max_steps", "60", "--eval_steps", "20", "--drift_steps", "20", "60"],
  ...["--kernel_solver", "kernel-ridge-regression", "kernel-logistic-regression", "svm"],
  ...["logistic-regression-on-kernel-rows", "--memory_mib", "3072", "--threads", "1"],
];

/** Where a run's files are, in the folder of all. */
export function folderOf(setting: string, task: string, seed: number): string {
  return `${setting.replaceAll(/\W+/g, "-")}-${task}-${seed}`;
}

/** Whether every set of parameters has the head; by prompts it is frozen but where everything is trained. */
export const trainsHead = (setting: string): boolean => !setting.endsWith("prompt");
