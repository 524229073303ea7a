/** What a training would do, found out without doing it. */
import type { ParameterSpec } from "../nn/parameters.ts";
import { sizeOf } from "../tensor/shape.ts";
import type { EncodedDataset } from "../data/encode.ts";
import { paddingShare } from "../data/padding.ts";
import { epochBatches } from "../train/epoch.ts";
import { stepsPerEpoch, totalSteps, type TrainingOptions } from "../train/options.ts";
import type { BadRows } from "../tasks/bad-rows.ts";
import { type ConfigInput, flatConfig, parseConfig, type RunConfig, type TrainInput } from "./config.ts";
import { type PlannedMemory, planMemory } from "./memory-estimate.ts";
import { checkCurriculum, trainingOptions } from "./options.ts";
import { encodeFor, encodeTraining, type PreparedRun, prepareRun } from "./prepare.ts";
import { countData, type DataCounts, firstExamples, type PlannedExample } from "./planned-examples.ts";

/** Parameters that differ only in their block's number, as one row of a table. */
export interface ParameterRow {
  /** With `*` for the block's number. */
  readonly name: string;
  readonly shape: readonly number[];
  /** How many such parameters there are. */
  readonly copies: number;
  readonly total: number;
  readonly trained: number;
}

export interface Plan {
  readonly config: ConfigInput;
  readonly model: string;
  readonly targets: readonly string[];
  readonly untouched: readonly string[];
  readonly parameters: readonly ParameterRow[];
  readonly totalParameters: number;
  readonly trainedParameters: number;
  readonly memory: PlannedMemory;
  readonly examples: readonly PlannedExample[];
  readonly data: DataCounts;
  /** The share of padding among the tokens of the first epoch's batches, of examples of like length or of any. */
  readonly padding: { readonly grouped: number; readonly shuffled: number };
  /** Rows of the data's files that could not be read and were skipped. */
  readonly badRows: BadRows;
  /** Rows of the training data that held nothing to read or nothing to say, and were left out. */
  readonly leftOut: number;
  /** What is known of test items in the training data, a line for each task that is scored on them. */
  readonly warnings: readonly string[];
  readonly learningRate: number;
  readonly stepsPerEpoch: number;
  readonly totalSteps: number;
  readonly epochs: number;
}

const EXAMPLES = 3;

/** Plans the training that `input` describes; reads data, configuration and tokenizer, but no weights. */
export function plan(input: TrainInput): Promise<Plan> {
  return planRun(parseConfig(input));
}

/** As {@link plan}, of a configuration that is checked already. */
export async function planRun(config: RunConfig): Promise<Plan> {
  const prepared = await prepareRun(config);
  try {
    const { task, validation } = prepared;
    const { max_seq_length: maxLength, quantization } = prepared.config.settings;
    const data = encodeTraining(prepared);
    const held = encodeFor(prepared, task, validation, maxLength);
    const options = trainingOptions(prepared);
    checkCurriculum(options, data.lengths.length);
    const parameters = parameterTable(prepared);
    const steps = totalSteps(data.lengths.length, options);
    const perEpoch = stepsPerEpoch(data.lengths.length, options);
    return {
      config: flatConfig(prepared.config),
      model: prepared.resolved.id,
      targets: prepared.attachment.targets,
      untouched: prepared.attachment.untouched,
      parameters,
      totalParameters: parameters.reduce((sum, { total }) => sum + total, 0),
      trainedParameters: parameters.reduce((sum, { trained }) => sum + trained, 0),
      memory: planMemory({ attached: prepared, data, validation: held, options }, quantization),
      examples: firstExamples(prepared, data, EXAMPLES),
      data: countData(task, data, held),
      padding: {
        grouped: paddingOf(data, { ...options, groupByLength: true }),
        shuffled: paddingOf(data, { ...options, groupByLength: false }),
      },
      badRows: prepared.badRows,
      leftOut: prepared.train.leftOut ?? 0,
      warnings: Object.values(task.contaminated ?? {}),
      learningRate: options.learningRate,
      stepsPerEpoch: perEpoch,
      totalSteps: steps,
      epochs: steps / perEpoch,
    };
  } finally {
    await prepared.folder.close();
  }
}

function paddingOf({ encodings, lengths }: EncodedDataset, options: TrainingOptions): number {
  return paddingShare(encodings, epochBatches(lengths, 0, options));
}

function parameterTable({ specs, attachment }: PreparedRun): ParameterRow[] {
  const trainedOf = new Map<string, number>();
  for (const { parameter, count } of attachment.trained)
    trainedOf.set(parameter.name, (trainedOf.get(parameter.name) ?? 0) + count);
  const rows = new Map<string, ParameterRow>();
  for (const spec of [...specs, ...attachment.added]) {
    const name = rowName(spec);
    const row = rows.get(name) ?? { name, shape: spec.shape, copies: 0, total: 0, trained: 0 };
    rows.set(name, {
      ...row,
      copies: row.copies + 1,
      total: row.total + sizeOf(spec.shape),
      trained: row.trained + (trainedOf.get(spec.name) ?? 0),
    });
  }
  return [...rows.values()];
}

function rowName({ name, block }: ParameterSpec): string {
  return block === null ? name : name.replace(`.${block}.`, ".*.");
}
