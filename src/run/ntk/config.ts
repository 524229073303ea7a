/** The configuration of a kernel study: settings of its own, and those of training for the model, the data and fine-tuning. */
import * as z from "zod";
import { misfit } from "../../errors/misfit.ts";
import { unknownName } from "../../errors/unknown-name.ts";
import type { KernelClassifierName } from "../../ntk/classifiers/classifier.ts";
import { kernelClassifiers } from "../../ntk/classifiers/registry.ts";
import { isSymmetric, type KernelFormula, kernelFormulas } from "../../ntk/empirical-kernel.ts";
import type { TaskName } from "../../tasks/registry.ts";
import { aliases, type ConfigInput, parseConfig, type RunConfig, type TrainConfig, trainFields } from "../config.ts";
import { ADAPTER, fileNameOf, parseParameterSet } from "./parameter-set.ts";

export interface NtkSettings {
  readonly parameters: string;
  readonly compare: readonly string[];
  readonly adapter: string | null;
  /** null takes the training data as it is. */
  readonly shots: number | null;
  readonly seeds: readonly number[] | null;
  readonly test_file: string | null;
  readonly max_test_samples: number;
  readonly kernel_formula: KernelFormula;
  readonly kernel_solver: readonly KernelClassifierName[];
  readonly binary_classification: boolean;
  readonly adjust_for_init: boolean;
  readonly exclude_embeddings: boolean;
  readonly exclude_head: boolean;
  readonly fine_tune: boolean;
  readonly drift_steps: readonly number[];
  readonly memory_mib: number;
}

/** The word for an empty list. */
const NONE = "none";

const names = <N extends string>(table: Readonly<Record<N, unknown>>) => z.enum(Object.keys(table) as [N, ...N[]]);
const off = (description: string) => z.boolean().default(false).describe(description);

/** The schema of each setting; its description is its help. */
export const ntkFields: { readonly [K in keyof NtkSettings]: z.ZodType<NtkSettings[K]> } = {
  parameters: z
    .string()
    .default("full")
    .describe("what is differentiated: a method's name, with options as in rocoft:rank=1:update=column, or adapter"),
  compare: z.array(z.string()).default([]).describe("sets of parameters to compare with that one"),
  adapter: z
    .string()
    .nullable()
    .default(null)
    .describe("run folder or adapter folder: kernels at the point of training that it holds"),
  shots: z
    .int()
    .positive()
    .nullable()
    .default(null)
    .describe("training examples of each class, and as many for validation; all of the training data by default"),
  seeds: z
    .array(z.int().nonnegative())
    .nonempty()
    .nullable()
    .default(null)
    .describe("one split of the data each; where the data has a folder shots-seed (16-13), that is the split"),
  test_file: z
    .string()
    .nullable()
    .default(null)
    .describe("file to test on; by default the data's test file if it has labels, else its validation file"),
  max_test_samples: z
    .int()
    .positive()
    .default(1000)
    .describe("use only so many of the test examples, drawn by seed 42"),
  kernel_formula: names(kernelFormulas)
    .default("sgd")
    .describe("what of the gradients is multiplied: they (sgd), their signs (signgd), the signs of one side"),
  kernel_solver: z
    .array(names(kernelClassifiers))
    .default(Object.keys(kernelClassifiers) as KernelClassifierName[])
    .describe(`kernel classifiers to test; ${NONE} for kernels alone`),
  binary_classification: off("of two classes, differentiate the difference of their logits alone"),
  adjust_for_init: off("kernel classifiers add to the logits of the model at initialisation"),
  exclude_embeddings: off("leave the embeddings out of every kernel"),
  exclude_head: off("leave the head out of every kernel"),
  fine_tune: off("train each set of parameters on the same splits, too, with train's settings"),
  drift_steps: z
    .array(z.int().positive())
    .default([])
    .describe("steps of that training after which the kernel is compared with the one before it"),
  memory_mib: z.int().positive().default(3072).describe("MiB that gradients and kernels may take beside the model"),
};

/** The settings of training that a study has no use for, since it trains nothing in a run folder. */
const foreign = [
  "method",
  "metric_for_best_model",
  "save_steps",
  "logging_steps",
  "packing",
  "mlm_probability",
  "whole_word_mask",
  "causal_lm_steps",
] as const;
type Foreign = (typeof foreign)[number];

/** The settings of training that a study knows. */
export const sharedFields: Readonly<Record<string, z.ZodType>> = Object.fromEntries(
  Object.entries(trainFields).filter(([name]) => !(foreign as readonly string[]).includes(name)),
);

/** What a caller gives: the model, the data and the study's folder, and any other setting. */
export type NtkInput = Partial<NtkSettings> &
  Partial<Omit<TrainConfig, Foreign | "task">> &
  Pick<TrainConfig, "model" | "data" | "output_dir"> & { readonly task?: TaskName };

/** A set of parameters and the training that would train it. */
export interface NtkParameterSet {
  /** As it was asked for, or as that says it is called. */
  readonly name: string;
  /** null for what the adapter has trained. */
  readonly config: RunConfig | null;
}

export interface NtkConfig {
  readonly ntk: NtkSettings;
  /** Of the model and the data, whatever is trained. */
  readonly common: TrainConfig;
  /** The first is the one with which the others are compared. */
  readonly sets: readonly NtkParameterSet[];
  /** Every setting, flat, in one order: what is kept, and may be given again. */
  readonly input: ConfigInput;
}

/** Settings of few-shot training where none are given: train's own are for data a thousand times as large. */
const fewShotDefaults: ConfigInput = {
  max_steps: 200,
  per_device_train_batch_size: 8,
  warmup_steps: 0,
  eval_steps: 20,
};

/**
 * Checks a flat configuration and fills in defaults.
 * @throws Error in one line naming the setting, what was met and what was expected.
 */
export function parseNtkConfig(input: ConfigInput): NtkConfig {
  const given = Object.fromEntries(
    Object.entries(input).flatMap(([name, value]) => (value === undefined ? [] : [[aliases[name] ?? name, value]])),
  ) as Record<string, unknown>;
  const known = [...Object.keys(ntkFields), ...Object.keys(sharedFields)];
  const unknown = Object.keys(given).find((name) => !known.includes(name));
  if (unknown !== undefined) throw unknownName("unknown setting", unknown, known);
  const isOwn = ([name]: readonly [string, unknown]) => Object.hasOwn(ntkFields, name);
  const entries = Object.entries(given);
  const ntk = checkOwn(Object.fromEntries(entries.filter(isOwn)));
  const shared = {
    ...(ntk.shots === null ? {} : fewShotDefaults),
    ...Object.fromEntries(entries.filter((entry) => !isOwn(entry))),
  };
  const common = parseConfig({ ...shared, method: "head" }).settings;
  if (ntk.adapter !== null && common.quantization !== "none")
    throw new Error(
      `quantization: ${common.quantization}, expected none with --adapter, whose point is one of float32 weights`,
    );
  const specs = [ntk.parameters, ...ntk.compare];
  checkTogether(ntk, specs);
  const sets = specs.map((spec): NtkParameterSet => {
    if (spec === ADAPTER) return { name: spec, config: null };
    return ofSet(spec, () => {
      const { name, input: own } = parseParameterSet(spec);
      return { name, config: parseConfig({ ...shared, ...own }) };
    });
  });
  refuseRepeated({ compare: sets.map(({ name }) => name) });
  const isShared = ([name]: readonly [string, unknown]) => Object.hasOwn(sharedFields, name);
  return { ntk, common, sets, input: { ...ntk, ...Object.fromEntries(Object.entries(common).filter(isShared)) } };
}

function checkOwn(given: ConfigInput): NtkSettings {
  const { kernel_solver: solvers } = given;
  const isNone = Array.isArray(solvers) && solvers.length === 1 && solvers[0] === NONE;
  const result = z.object(ntkFields).safeParse(isNone ? { ...given, kernel_solver: [] } : given);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const value = issue!.path.reduce<unknown>((part, key) => (part as Record<PropertyKey, unknown>)[key], given);
  throw misfit(String(issue!.path[0]), value, issue!);
}

function checkTogether(ntk: NtkSettings, specs: readonly string[]): void {
  const { adapter, fine_tune, drift_steps, shots, seeds, kernel_formula, kernel_solver, adjust_for_init } = ntk;
  if (specs.includes(ADAPTER) && adapter === null)
    throw new Error(`parameters: ${ADAPTER} stands for what --adapter has trained, expected that flag with it`);
  if (drift_steps.length > 0 && !fine_tune)
    throw new Error("drift_steps: are steps of fine-tuning, expected --fine_tune with them");
  if (fine_tune && adapter !== null)
    throw new Error("fine_tune: begins at the base model, expected no --adapter with it");
  if (seeds !== null && seeds.length > 1 && shots === null)
    throw new Error("seeds: several splits are drawn by --shots, expected that flag with them");
  if (!isSymmetric(kernel_formula) && kernel_solver.length > 0)
    throw new Error(
      `kernel_formula: kernels of ${kernel_formula} are not symmetric, which kernel classifiers ask for, expected --kernel_solver ${NONE} with it`,
    );
  const untaking = kernel_solver.find((name) => adjust_for_init && !kernelClassifiers[name].takesInitial);
  if (untaking !== undefined)
    throw new Error(
      `adjust_for_init: ${untaking} has no place for the logits at initialisation, expected a --kernel_solver without it`,
    );
  refuseRepeated({ seeds: seeds ?? [], kernel_solver, drift_steps });
}

function refuseRepeated(lists: Readonly<Record<string, readonly (string | number)[]>>): void {
  for (const [name, values] of Object.entries(lists)) {
    // Sets whose folders had one name would write over each other.
    const folders = values.map((value) => fileNameOf(String(value)));
    const at = folders.findIndex((folder, i) => folders.indexOf(folder) !== i);
    if (at >= 0) throw new Error(`${name}: ${values[at]} stands twice, expected each once`);
  }
}

/** What is done for a set of parameters, its name before an error's text. */
export function ofSet<T>(name: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new Error(`${name}: ${(error as Error).message}`, { cause: error });
  }
}
