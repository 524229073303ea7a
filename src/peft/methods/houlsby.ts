/**
 * Adapters of Houlsby et al. (ICML 2019): h ↦ h + A(h) for what attention and feed-forward network give, before it is added to
 * the residual stream. The norms are trained too.
 */
import { add, gelu } from "../../graph/ops.ts";
import { compose, trainHead, trainWhole } from "../attachment.ts";
import { type AdapterDesign, adapters, bottleneckOption, unmergeable } from "../bottleneck.ts";
import { normsOf } from "./ln-tuning.ts";
import type { Method } from "../method.ts";
import { type TargetOptions, targetOptions } from "../targets.ts";

export interface HoulsbyOptions extends TargetOptions {
  /** m. */
  readonly bottleneck_size: number;
}

export const houlsby: Method<HoulsbyOptions> = {
  name: "houlsby",
  summary: "adapters behind attention and feed-forward network, and every norm",
  reference: "Houlsby et al., ICML 2019",
  learningRate: 3e-4,
  learningRateSource: "the example of its published code, adapter-bert",
  unmergeable,
  options: {
    bottleneck_size: bottleneckOption(64),
    ...targetOptions("the ends of attention and feed-forward network"),
  },
  attach: (specs, options) =>
    compose(adapters(specs, options, design(options)), trainWhole(normsOf(specs)), trainHead(specs)),
};

const design = ({ bottleneck_size: size }: HoulsbyOptions): AdapterDesign => ({
  places: ["attention-output", "feed-forward-out"],
  size: () => size,
  // The published code's GELU is its tanh approximation, which differs by less than 1e-3.
  activation: gelu,
  begins: { down: () => ({ truncatedNormal: 1e-3 }), up: { truncatedNormal: 1e-3 } },
  output: ({ output }, adapter) => add(output, adapter.apply(output)),
});
