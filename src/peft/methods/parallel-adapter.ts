/**
 * Parallel adapters (He et al., ICLR 2022): h ↦ h + s·A(x) for what the feed-forward network makes of x. With s above 1, as 2 or
 * 4 in the paper, they are its scaled parallel adapters.
 */
import * as z from "zod";
import { add, mul, relu } from "../../graph/ops.ts";
import { compose, trainHead } from "../attachment.ts";
import { type AdapterDesign, adapters, unmergeable } from "../bottleneck.ts";
import type { Method } from "../method.ts";
import { type TargetOptions, targetOptions } from "../targets.ts";

/** What is to be said of a parallel adapter itself. */
export interface ParallelDesign {
  /** m; null stands for half the model's width. */
  readonly bottleneck_size: number | null;
  /** s; `learned` begins at 1. */
  readonly scaling: number | "learned";
}

export interface ParallelAdapterOptions extends TargetOptions, ParallelDesign {}

export const scalingOption = (fallback: number): z.ZodType<number | "learned"> =>
  z
    .union([z.number().positive(), z.literal("learned")], { error: "expected a number above 0, or learned" })
    .default(fallback)
    .describe("factor of what an adapter gives, or learned, one for each that begins at 1");

export const parallelAdapter: Method<ParallelAdapterOptions> = {
  name: "parallel_adapter",
  summary: "an adapter beside each feed-forward network",
  reference: "He et al., ICLR 2022",
  learningRate: 1e-4,
  learningRateSource: "its published script for RoBERTa-base on GLUE",
  unmergeable,
  options: {
    bottleneck_size: z
      .int()
      .positive()
      .nullable()
      .default(null)
      .describe("m, the width inside each adapter; half the model's by default"),
    scaling: scalingOption(1),
    ...targetOptions("the ends of feed-forward networks"),
  },
  attach: (specs, options) => compose(adapters(specs, options, parallel(options)), trainHead(specs)),
};

export function parallel({ bottleneck_size: size, scaling }: ParallelDesign): AdapterDesign {
  const factor = "adapter_scaling";
  return {
    places: ["feed-forward-out"],
    size: (width) => size ?? Math.floor(width / 2),
    activation: relu,
    begins: { down: (width) => ({ uniform: 1 / Math.sqrt(width) }), up: "zeros" },
    own:
      scaling === "learned"
        ? [{ name: factor, shape: [1], role: "linear", initializer: "ones", optimization: { decay: false } }]
        : [],
    output: ({ input, output }, adapter) =>
      add(output, mul(adapter.apply(input), scaling === "learned" ? adapter.own(factor) : scaling)),
  };
}
