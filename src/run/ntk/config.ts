/** The configuration of a kernel study: settings of its own, and those of training for the model, the data and fine-tuning. */
import * as z from "zod";
import { misfit } from "../../errors/misfit.ts";
import { unknownName } from "../../errors/unknown-name.ts";
import type { KernelClassifierName } from "../../ntk/classifiers/classifier.ts";
import { kernelClassifiers } from "../../ntk/classifiers/registry.ts";
import { type KernelFormula, kernelFormulas } from "../../ntk/empirical-kernel.ts";
import { aliases, type ConfigInput, parseConfig, type RunConfig, trainFields } from "../config.ts";
import { ADAPTER, parseParameterSet } from "./parameter-set.ts";

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
    .describe("kernel classifiers to test"),
  binary_classification: off("of two classes, differentiate the difference of their logits alone"),
  adjust_for_init: off("kernel classifiers add to the logits of the model at initialisation"),
  exclude_embeddings: off("leave the embeddings out of every kernel"),
  exclude_head: off("leave the head out of every kernel"),
  fine_tune: off("train each set of parameters on the same splits, too, with train's settings"),
  drift_steps: z
    .array(z.int().positive())
    .default([])
    .describe("steps of that training after which the kernel is compared with the one before it"),
  memory_mib: z.int().positive().default(4096).describe("MiB that gradients and kernels may take beside the model"),
};

/** The settings of training that a study has no use for, since it trains nothing in a run folder. */
const foreign = [
  "method",
  "metric_for_best_model",
  "save_steps",
  "logging_steps",
  "packing",
  "causal_lm_steps",
] as const;

/** The settings of training that a study knows. */
export const sharedFields: Readonly<Record<string, z.ZodType>> = Object.fromEntries(
  Object.entries(trainFields).filter(([name]) => !(foreign as readonly string[]).includes(name)),
);

/** A set of parameters and the training that would train it. */
export interface NtkParameterSet {
  /** As it was asked for. */
  readonly name: string;
  /** null for what the adapter has trained. */
  readonly config: RunConfig | null;
}

export interface NtkConfig {
  readonly ntk: NtkSettings;
  /** Of the model and the data, whatever is trained. */
  readonly common: RunConfig["settings"];
  /** The first is the one with which the others are compared. */
  readonly sets: readonly NtkParameterSet[];
  /** All of it, flat, as it is kept. */
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
  const specs = [ntk.parameters, ...ntk.compare];
  const repeated = specs.find((spec, i) => specs.indexOf(spec) !== i);
  if (repeated !== undefined) throw new Error(`compare: ${repeated} stands twice, expected each set once`);
  checkTogether(ntk, specs);
  const sets = specs.map((name) => ({
    name,
    config: name === ADAPTER ? null : inSet(name, () => parseConfig({ ...shared, ...parseParameterSet(name) })),
  }));
  return { ntk, common: parseConfig({ ...shared, method: "head" }).settings, sets, input: { ...ntk, ...shared } };
}

function checkOwn(given: ConfigInput): NtkSettings {
  const result = z.object(ntkFields).safeParse(given);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw misfit(issue!.path.join("."), given[String(issue!.path[0])], issue!);
}

function checkTogether({ adapter, fine_tune, drift_steps, shots, seeds }: NtkSettings, specs: readonly string[]): void {
  if (specs.includes(ADAPTER) && adapter === null)
    throw new Error(`parameters: ${ADAPTER} stands for what --adapter has trained, expected that flag with it`);
  if (drift_steps.length > 0 && !fine_tune)
    throw new Error("drift_steps: are steps of fine-tuning, expected --fine_tune with them");
  if (fine_tune && adapter !== null)
    throw new Error("fine_tune: begins at the base model, expected no --adapter with it");
  if (seeds !== null && seeds.length > 1 && shots === null)
    throw new Error("seeds: several splits are drawn by --shots, expected that flag with them");
}

/** Names the set of parameters that an error is about. */
function inSet<T>(name: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new Error(`${name}: ${(error as Error).message}`, { cause: error });
  }
}
