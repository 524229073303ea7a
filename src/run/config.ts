/** The configuration of a training run: every setting by the name transformers' run_glue.py gives it, its check, default and help. */
import * as z from "zod";
import { misfit } from "../errors/misfit.ts";
import { unknownName } from "../errors/unknown-name.ts";
import { type ScheduleName, scheduleNames } from "../optim/schedule.ts";
import type { Method } from "../peft/method.ts";
import { type MethodName, methodOf, type MethodOptions, methodOptions, methods } from "../peft/registry.ts";
import { type Quantization, quantizations } from "../quantization/registry.ts";
import { type Device, deviceHelp, deviceNames } from "../runtime/device.ts";
import { type BadRowPolicy, badRowPolicies } from "../tasks/bad-rows.ts";
import { type TaskName, tasks } from "../tasks/registry.ts";

export interface TrainConfig {
  readonly model: string;
  readonly revision: string;
  readonly init: "pretrained" | "random";
  readonly task: string;
  readonly data: string;
  readonly validation_file: string | null;
  readonly validation_split: number;
  readonly on_bad_row: BadRowPolicy;
  readonly text_column: string | null;
  readonly text_pair_column: string | null;
  readonly label_column: string | null;
  readonly regression: boolean | null;
  readonly prompt: boolean;
  readonly template: string | null;
  readonly mapping: string | null;
  readonly method: string;
  readonly output_dir: string;
  readonly overwrite_output_dir: boolean;
  readonly seed: number;
  /** null stands for the method's own. */
  readonly learning_rate: number | null;
  /** null stands for the learning rate of the rest. */
  readonly head_learning_rate: number | null;
  readonly lr_scheduler_type: ScheduleName;
  readonly warmup_steps: number;
  readonly weight_decay: number;
  readonly adam_beta1: number;
  readonly adam_beta2: number;
  readonly adam_epsilon: number;
  readonly max_grad_norm: number;
  readonly base_dropout: boolean;
  readonly gradient_checkpointing: boolean;
  readonly per_device_train_batch_size: number;
  readonly group_by_length: boolean;
  readonly gradient_accumulation_steps: number;
  readonly per_device_eval_batch_size: number | null;
  readonly num_train_epochs: number;
  readonly max_steps: number | null;
  readonly max_seq_length: number;
  /** null stands for a third of max_seq_length. */
  readonly doc_stride: number | null;
  readonly n_best_size: number;
  readonly max_answer_length: number;
  readonly null_score_diff_threshold: number;
  readonly mlm_probability: number;
  readonly whole_word_mask: boolean;
  readonly causal_lm_steps: number;
  readonly packing: boolean;
  readonly max_train_samples: number | null;
  readonly max_eval_samples: number | null;
  readonly eval_steps: number | null;
  readonly save_steps: number;
  readonly logging_steps: number;
  readonly metric_for_best_model: string | null;
  readonly early_stopping_patience: number | null;
  readonly ignore_mismatched_sizes: boolean;
  readonly quantization: Quantization;
  readonly threads: number | null;
  readonly device: Device | null;
}

/** What a caller gives: the model, the data and the run folder, any other setting, and options of the chosen method. */
export type TrainInput = Partial<Omit<TrainConfig, "method" | "task">> &
  Pick<TrainConfig, "model" | "data" | "output_dir"> & { readonly task?: TaskName } & MethodInput;

/** A method's name with its options; without a name it is RoCoFT. */
type MethodInput =
  | ({ readonly method?: "rocoft" } & Partial<MethodOptions["rocoft"]>)
  | { [M in MethodName]: { readonly method: M } & Partial<MethodOptions[M]> }[MethodName];

/** A training run, checked: its settings, and the options of its method. */
export interface RunConfig {
  readonly settings: TrainConfig;
  readonly methodOptions: object;
}

const count = (fallback: number, description: string) => z.int().positive().default(fallback).describe(description);
const optional = <S extends z.ZodType>(schema: S, description: string) =>
  schema.nullable().default(null).describe(description);
const choice = (names: readonly string[]) => z.enum(names as [string, ...string[]]);

/** The schema of each setting; its description is its help. */
export const trainFields: { readonly [K in keyof TrainConfig]: z.ZodType<TrainConfig[K]> } = {
  model: z.string().min(1).describe("model folder, id on the Hugging Face hub, or a bundled model (rocoft-small)"),
  revision: z.string().default("main").describe("branch, tag or commit of a hub model"),
  init: z
    .enum(["pretrained", "random"])
    .default("pretrained")
    .describe("where training begins: the model's own weights, or random ones drawn from the seed"),
  task: choice(Object.keys(tasks))
    .default("text-classification")
    .describe(`what is learned: ${Object.keys(tasks).join(", ")}`),
  data: z
    .string()
    .min(1)
    .describe("folder with training and validation files, or the training file (tsv, csv, jsonl, parquet, txt)"),
  validation_file: optional(z.string(), "validation file, where --data does not bring one"),
  validation_split: z
    .number()
    .gt(0)
    .lt(1)
    .default(0.1)
    .describe("share of the training data held out where there is no validation file"),
  on_bad_row: z
    .enum(badRowPolicies)
    .default("fail")
    .describe("what a row does that cannot be read: end the run before it begins, or be left out and counted"),
  text_column: optional(z.string(), "column of the text, where its name does not tell"),
  text_pair_column: optional(z.string(), "column of the second text of a pair"),
  label_column: optional(z.string(), "column of the label"),
  regression: optional(z.boolean(), "labels are numbers to predict; found in the data by default"),
  prompt: z
    .boolean()
    .default(false)
    .describe("classify by the words that a masked language model puts at a mask (LM-BFF)"),
  template: optional(
    z.string(),
    "of a prompt, in LM-BFF's language (*cls**sent_0*_It_was*mask*.*sep+*); the task's own by default",
  ),
  mapping: optional(
    z.string(),
    "of a prompt, the word for each label (0:terrible,1:great, or JSON); the task's own by default",
  ),
  method: choice(Object.keys(methods))
    .default("rocoft")
    .describe(`fine-tuning method: ${Object.keys(methods).join(", ")}`),
  output_dir: z.string().min(1).describe("run folder to write"),
  overwrite_output_dir: z.boolean().default(false).describe("write into an output folder that is not empty"),
  seed: z
    .int()
    .nonnegative()
    .default(42)
    .describe("of the head's initialisation, the selection and the order of the data"),
  learning_rate: optional(z.number().positive(), "peak learning rate; the method's own by default (rocoft 1e-3)"),
  head_learning_rate: optional(z.number().positive(), "peak learning rate of the head; that of the rest by default"),
  lr_scheduler_type: z
    .enum(scheduleNames as [ScheduleName, ...ScheduleName[]])
    .default("cosine")
    .describe("learning-rate schedule after warm-up"),
  warmup_steps: z.int().nonnegative().default(100).describe("steps over which the learning rate rises"),
  weight_decay: z.number().nonnegative().default(0).describe("AdamW's weight decay; biases and norms are spared"),
  adam_beta1: z.number().min(0).lt(1).default(0.9).describe("AdamW's decay of the gradient's mean"),
  adam_beta2: z.number().min(0).lt(1).default(0.999).describe("AdamW's decay of the gradient's square"),
  adam_epsilon: z.number().positive().default(1e-8).describe("AdamW's epsilon"),
  max_grad_norm: z
    .number()
    .nonnegative()
    .default(1)
    .describe("global norm to which gradients are clipped; 0 does not clip"),
  base_dropout: z
    .boolean()
    .default(false)
    .describe("drop numbers of the base model in training, as its config.json says; off, since it is mostly frozen"),
  gradient_checkpointing: z
    .boolean()
    .default(false)
    .describe("compute what each block computed again for its gradient, not keep it: less memory, more time"),
  per_device_train_batch_size: count(32, "examples of a batch"),
  group_by_length: z
    .boolean()
    .default(true)
    .describe("batches of examples of like length, so that little is padding; without it, of random ones"),
  gradient_accumulation_steps: count(1, "batches of an optimizer step"),
  per_device_eval_batch_size: optional(
    z.int().positive(),
    "examples of a batch in evaluation; 64 by default, 8 of what a causal or encoder-decoder model writes",
  ),
  num_train_epochs: z.number().positive().default(3).describe("passes over the training data; fractions are allowed"),
  max_steps: optional(z.int().positive(), "optimizer steps, instead of num_train_epochs"),
  max_seq_length: z.int().positive().default(128).describe("longest sequence in tokens; longer texts are cut"),
  doc_stride: optional(
    z.int().nonnegative(),
    "questions about a text: tokens that windows of a long text share; a third of max_seq_length by default",
  ),
  n_best_size: count(20, "questions about a text: first and last tokens that are tried, and answers that are kept"),
  max_answer_length: count(30, "questions about a text: longest answer in tokens"),
  null_score_diff_threshold: z
    .number()
    .default(0)
    .describe("squad_v2: no answer is given where its score is above the best answer's by more than this"),
  mlm_probability: z
    .number()
    .gt(0)
    .lt(1)
    .default(0.15)
    .describe("masked-language-model: share of the tokens that are asked for; 0.15 in evaluation, always"),
  whole_word_mask: z
    .boolean()
    .default(false)
    .describe("masked-language-model: ask for all tokens of a word or none of them; not in evaluation"),
  causal_lm_steps: z
    .int()
    .nonnegative()
    .default(0)
    .describe(
      "masked-language-model: steps of causal language modelling to begin with, for training from random weights",
    ),
  packing: z
    .boolean()
    .default(false)
    .describe(
      "causal language models: several training examples in a row of max_seq_length, none of which sees another",
    ),
  max_train_samples: optional(z.int().positive(), "use only the first so many training examples"),
  max_eval_samples: optional(z.int().positive(), "use only the first so many validation examples"),
  eval_steps: optional(z.int().positive(), "steps between evaluations; each epoch by default"),
  save_steps: count(500, "steps between checkpoints to resume from, besides those after each evaluation"),
  logging_steps: count(50, "steps between lines of progress where there is no terminal"),
  metric_for_best_model: optional(
    z.string(),
    "score by which the best checkpoint is chosen: a metric of the task, or loss",
  ),
  early_stopping_patience: optional(z.int().positive(), "evaluations without a new best after which training stops"),
  ignore_mismatched_sizes: z
    .boolean()
    .default(false)
    .describe("begin the head anew where the checkpoint's has another shape"),
  quantization: z
    .enum(quantizations as [Quantization, ...Quantization[]])
    .default("none")
    .describe("how the base model is stored: as float32, or in 8 or 4 bits; what is trained of it stays float32"),
  threads: optional(z.int().positive(), "threads of ONNX Runtime; all cores by default"),
  device: optional(z.enum(deviceNames), deviceHelp),
};

/** Other spellings of settings, as run_glue.py and other tools have them. */
export const aliases: Readonly<Record<string, keyof TrainConfig>> = {
  model_name_or_path: "model",
  task_name: "task",
  train_file: "data",
  epochs: "num_train_epochs",
};

/** The settings that a configuration file or a caller gives: flat, method options among them. */
export type ConfigInput = Readonly<Record<string, unknown>>;

/**
 * Checks a flat configuration and fills in defaults; names are settings or options of the chosen method.
 * @throws Error in one line naming the setting, what was met and what was expected.
 */
export function parseConfig(input: ConfigInput): RunConfig {
  const given = Object.fromEntries(Object.entries(input).map(([name, value]) => [aliases[name] ?? name, value]));
  const known = new Set([
    ...Object.keys(trainFields),
    ...Object.values(methods).flatMap(({ options }) => Object.keys(options)),
  ]);
  const unknown = Object.keys(given).find((name) => !known.has(name));
  if (unknown !== undefined) throw unknownName("configuration: unknown setting", unknown, known);
  const isSetting = ([name]: [string, unknown]) => name in trainFields;
  const entries = Object.entries(given).filter(([, value]) => value !== undefined);
  const settings = check(Object.fromEntries(entries.filter(isSetting)));
  const method: Method = methodOf(settings.method);
  return {
    settings,
    methodOptions: methodOptions(method, Object.fromEntries(entries.filter((entry) => !isSetting(entry)))),
  };
}

function check(given: ConfigInput): TrainConfig {
  const result = z.object(trainFields).safeParse(given);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const name = issue!.path.join(".");
  if (!(name in given))
    throw new Error(`${name}: missing; give --${name} (${trainFields[name as keyof TrainConfig].description})`);
  throw misfit(name, given[name], issue!);
}

/** The flat form of a checked configuration: what a run folder keeps, and `parseConfig` reads again. */
export function flatConfig({ settings, methodOptions: options }: RunConfig): ConfigInput {
  return { ...settings, ...options };
}
