/** RoCoFT (Kowsher et al., ACL 2025): a few rows, columns or single entries of each weight matrix are trained, in place. */
import * as z from "zod";
import type { ParameterSpec } from "../../nn/parameters.ts";
import type { Random } from "../../tensor/random.ts";
import { type Tensor, tensor } from "../../tensor/tensor.ts";
import { type Slices, viewOf } from "../../tensor/view.ts";
import { compose, partOf, trainedParts, trainHead, trainWhole } from "../attachment.ts";
import type { Evidence, ModuleNorms } from "../evidence.ts";
import { columnImportance, entryImportance, type Importance, rowImportance } from "../importance.ts";
import type { Method, TrainedTensor } from "../method.ts";
import { leavesTheOfficialCodeTrains, modulesBesideTheBlocks } from "../rocoft-official.ts";
import { isScored, sample, type SelectionName, selectionStrategies } from "../select.ts";
import {
  type LogicalMatrix,
  targetedMatrices,
  type TargetedMatrices,
  type TargetOptions,
  targetOptions,
  targetsOf,
} from "../targets.ts";

export interface RocoftOptions extends TargetOptions {
  /** Rows (output neurons), columns (input features), both, or single entries. */
  readonly update: "row" | "column" | "both" | "entries";
  /** How many rows or columns; of entries as many as so many rows have. */
  readonly rank: number;
  /** The share of a matrix's entries, in place of `rank`: the official code's p, which draws each entry by itself. */
  readonly density: number | null;
  /** `first` unless given, of entries `random`. */
  readonly select: SelectionName | null;
  /** How many training examples the scores of a selection are measured on. */
  readonly calibration_samples: number;
  /** Whether the biases of the targeted modules are trained too. */
  readonly train_bias: boolean;
  /** Whether exactly what the official code trains is trained; see rocoft-official.ts. */
  readonly official_parameters: boolean;
}

const options: Method<RocoftOptions>["options"] = {
  update: z
    .enum(["row", "column", "both", "entries"])
    .default("row")
    .describe("train rows (output neurons), columns (input features), both, or single entries"),
  rank: z
    .int()
    .positive()
    .default(3)
    .describe("rows or columns trained in each matrix; of entries, as many as so many rows have"),
  density: z
    .number()
    .gt(0)
    .max(1)
    .nullable()
    .default(null)
    .describe("share of each matrix's entries that is trained, in place of rank"),
  select: z
    .enum(Object.keys(selectionStrategies) as [SelectionName, ...SelectionName[]])
    .nullable()
    .default(null)
    .describe(
      "which rows, columns or entries, the last three by their importance to training data; first by default, random of entries",
    ),
  calibration_samples: z
    .int()
    .positive()
    .default(200)
    .describe("training examples by which the importance of rows, columns and entries is measured"),
  ...targetOptions("all linear modules of the blocks"),
  train_bias: z.boolean().default(false).describe("train the biases of the targeted modules too"),
  official_parameters: z
    .boolean()
    .default(false)
    .describe("train exactly what the official code trains: biases too, and of the head only rows or columns"),
};

export const rocoft: Method<RocoftOptions> = {
  name: "rocoft",
  summary: "a few rows, columns or entries of each weight matrix, in place",
  reference: "Kowsher et al., ACL 2025",
  learningRate: 1e-3,
  learningRateSource: "the authors' published notebooks: 1e-3 to 2e-3",
  options,
  evidence: (chosen) =>
    isScored(selectionOf(chosen)) ? { kind: "activations", samples: chosen.calibration_samples } : null,
  attach(specs, chosen, random, evidence) {
    const { update, density, train_bias, official_parameters: official } = chosen;
    if (density !== null && update !== "entries")
      throw new Error(`density: is for single entries, expected update entries with it, not ${update}`);
    const { matrices, choice } = official ? officialMatrices(specs, chosen) : targetedMatrices(specs, chosen);
    const choose = chooser(chosen, random, evidence);
    const parts = matrices.flatMap((matrix) =>
      update === "entries" ? entriesOf(matrix, chosen, choose) : slicesOf(matrix, slicedAxes[update], chosen, choose),
    );
    const modules = new Set(matrices.map(({ module }) => module));
    const biases = train_bias || official ? [...modules].flatMap(({ bias }) => bias ?? []) : [];
    const rest = official ? trainWhole(leavesTheOfficialCodeTrains(specs)) : trainHead(specs);
    return compose({ ...trainedParts(parts), ...choice }, trainWhole(biases), rest);
  },
};

const selectionOf = ({ select, update }: RocoftOptions): SelectionName =>
  select ?? (update === "entries" ? "random" : "first");

/** The official code takes a fused module for one matrix. */
function officialMatrices(specs: readonly ParameterSpec[], chosen: RocoftOptions): TargetedMatrices {
  const { modules, choice } = targetsOf(specs, chosen, null);
  const matrices = [...modules, ...modulesBesideTheBlocks(specs, chosen)].map((module) => ({
    name: module.name,
    module,
    part: null,
    rows: null,
  }));
  return { matrices, choice };
}

/** Chooses so many of a matrix's rows, columns or entries. */
type Choose = (matrix: LogicalMatrix, size: number, count: number, importance: Importance) => number[];

function chooser(chosen: RocoftOptions, random: Random, evidence: Evidence | null | undefined): Choose {
  const name = selectionOf(chosen);
  const strategies = chosen.update === "entries" ? { ...selectionStrategies, random: sample } : selectionStrategies;
  return ({ module, rows }, size, count, importance) => {
    const norms = evidence?.norms?.get(module.name);
    const scores = norms && importance(...ofRows(evidence!.weights[module.weight.name]!, norms, rows));
    return strategies[name](size, count, random, scores);
  };
}

/** A weight and the norms of its module, cut to some of its rows. */
function ofRows(
  weight: Tensor<"float32">,
  norms: ModuleNorms,
  rows: readonly number[] | null,
): [Tensor<"float32">, ModuleNorms] {
  if (rows === null) return [weight, norms];
  const { shape, data } = viewOf(weight, { axis: 0, indices: rows });
  return [tensor("float32", shape, data), { ...norms, output: Float32Array.from(rows, (row) => norms.output[row]!) }];
}

interface SlicedAxis {
  readonly axis: number;
  readonly slices: string;
  readonly importance: Importance;
}

const rows: SlicedAxis = { axis: 0, slices: "rows", importance: rowImportance };
const columns: SlicedAxis = { axis: 1, slices: "columns", importance: columnImportance };
/** The axes of a weight [out, in] that an update trains slices of. */
const slicedAxes: { readonly [U in Exclude<RocoftOptions["update"], "entries">]: readonly SlicedAxis[] } = {
  row: [rows],
  column: [columns],
  both: [rows, columns],
};

/** The trained slices of one matrix; where rows and columns cross, the columns decide. */
function slicesOf(
  matrix: LogicalMatrix,
  axes: readonly SlicedAxis[],
  chosen: RocoftOptions,
  choose: Choose,
): TrainedTensor[] {
  const { weight } = matrix.module;
  const parts = axes.map(({ axis, slices, importance }) => {
    const size = sizesOf(matrix)[axis]!;
    const rank = rankWithin(size, slices, matrix, chosen);
    const best = (count: number) => choose(matrix, size, count, importance);
    const indices = best(rank);
    const kept = isColumnZeroForced(chosen, axis) && !indices.includes(0) ? [0, ...best(rank - 1)] : indices;
    return partOf(`${tensorName(matrix)}.${slices}`, weight, selectionIn(matrix, axis, kept));
  });
  const crossings = parts.length > 1 ? parts[0]!.shape[0]! * parts[1]!.shape[1]! : 0;
  return parts.map((part, i) => ({ ...part, count: part.count - (i > 0 ? crossings : 0) }));
}

/** How many rows and columns a matrix has. */
const sizesOf = ({ module: { weight }, rows }: LogicalMatrix): [number, number] => [
  rows?.length ?? weight.shape[0]!,
  weight.shape[1]!,
];
const tensorName = ({ module: { weight }, part }: LogicalMatrix) =>
  part === null ? weight.name : `${weight.name}.${part}`;

/** Slices of a matrix as those of the weight that it is, or that it is some rows of. */
function selectionIn({ rows }: LogicalMatrix, axis: number, indices: readonly number[]): Slices {
  if (rows === null) return { axis, indices };
  return axis === 0 ? { axis, indices: indices.map((i) => rows[i]!) } : { axis, indices, within: rows };
}

/** Where the official code chooses columns by scores, column 0 takes the place of the last one chosen. */
const isColumnZeroForced = (chosen: RocoftOptions, axis: number) =>
  chosen.official_parameters && axis === 1 && isScored(selectionOf(chosen));

/** The trained entries of one matrix. */
function entriesOf(matrix: LogicalMatrix, chosen: RocoftOptions, choose: Choose): TrainedTensor {
  const { rows, module } = matrix;
  const [out, inner] = sizesOf(matrix);
  const count =
    chosen.density === null
      ? rankWithin(out, "rows", matrix, chosen) * inner
      : Math.max(1, Math.round(chosen.density * out * inner));
  const inMatrix = choose(matrix, out * inner, count, entryImportance);
  const inWeight = (entry: number) =>
    rows === null ? entry : rows[Math.floor(entry / inner)]! * inner + (entry % inner);
  return partOf(`${tensorName(matrix)}.entries`, module.weight, { entries: Int32Array.from(inMatrix, inWeight) });
}

/** The rank, which the official code cuts to what there is. */
function rankWithin(
  size: number,
  slices: string,
  matrix: LogicalMatrix,
  { rank, official_parameters: official }: RocoftOptions,
): number {
  if (rank > size && !official)
    throw new Error(
      `rank: ${rank} is above the ${size} ${slices} of ${tensorName(matrix)} [${sizesOf(matrix).join(", ")}]`,
    );
  return Math.min(rank, size);
}
