/** RoCoFT (Kowsher et al., ACL 2025): a few rows or columns of each weight matrix are trained, in place. */
import * as z from "zod";
import type { ParameterSpec } from "../nn/parameters.ts";
import type { Random } from "../tensor/random.ts";
import { compose, trainedParts, trainHead, trainWhole } from "./attachment.ts";
import type { Method, TrainedTensor } from "./method.ts";
import { type SelectionName, selectionStrategies } from "./select.ts";
import { type TargetOptions, targetOptions, targetsOf } from "./targets.ts";

export interface RocoftOptions extends TargetOptions {
  /** Rows (output neurons), columns (input features), or both. */
  readonly update: "row" | "column" | "both";
  /** How many of each. */
  readonly rank: number;
  readonly select: SelectionName;
  /** Whether the biases of the targeted modules are trained too, as the official code does unasked. */
  readonly train_bias: boolean;
}

const options: Method<RocoftOptions>["options"] = {
  update: z
    .enum(["row", "column", "both"])
    .default("row")
    .describe("train rows (output neurons), columns (input features), or both"),
  rank: z.int().positive().default(3).describe("rows or columns trained in each matrix"),
  select: z
    .enum(Object.keys(selectionStrategies) as [SelectionName, ...SelectionName[]])
    .default("first")
    .describe("which rows or columns"),
  ...targetOptions("all linear modules of the blocks"),
  train_bias: z
    .boolean()
    .default(false)
    .describe("train the biases of the targeted modules too, as the official RoCoFT code does"),
};

/** The axes of a weight [out, in] that an update trains slices of, with the names of the slices. */
const slicedAxes: { readonly [U in RocoftOptions["update"]]: readonly { axis: number; slices: string }[] } = {
  row: [{ axis: 0, slices: "rows" }],
  column: [{ axis: 1, slices: "columns" }],
  both: [
    { axis: 0, slices: "rows" },
    { axis: 1, slices: "columns" },
  ],
};

export const rocoft: Method<RocoftOptions> = {
  name: "rocoft",
  summary: "a few rows or columns of each weight matrix, in place",
  reference: "Kowsher et al., ACL 2025",
  // The authors' published notebooks train rows and columns with 1e-3 to 2e-3.
  learningRate: 1e-3,
  options,
  attach(specs, chosen, random) {
    const { modules, choice } = targetsOf(specs, chosen, null);
    const sliced = modules.flatMap(({ weight }) => slicesOf(weight, chosen, random));
    const biases = chosen.train_bias ? modules.flatMap(({ bias }) => bias ?? []) : [];
    return compose({ ...trainedParts(sliced), ...choice }, trainWhole(biases), trainHead(specs));
  },
};

/** The trained slices of one matrix; where rows and columns cross, the columns decide. */
function slicesOf(weight: ParameterSpec, { update, rank, select }: RocoftOptions, random: Random): TrainedTensor[] {
  return slicedAxes[update].map(({ axis, slices }, i) => {
    const size = weight.shape[axis]!;
    if (rank > size)
      throw new Error(`rank: ${rank} is above the ${size} ${slices} of ${weight.name} [${weight.shape.join(", ")}]`);
    const indices = selectionStrategies[select](size, rank, random);
    const shape = weight.shape.with(axis, rank);
    const count = shape[0]! * shape[1]! - (i > 0 ? rank * rank : 0);
    return { name: `${weight.name}.${slices}`, shape, parameter: weight, selection: { axis, indices }, count };
  });
}
