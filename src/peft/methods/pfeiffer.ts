/**
 * Adapters of Pfeiffer et al. (EACL 2021): h ↦ h + A(LN(x + h)) for what the feed-forward network gives, where x is what it is
 * added to and LN the norm that follows.
 */
import * as z from "zod";
import { add, relu } from "../../graph/ops.ts";
import { compose, trainHead } from "../attachment.ts";
import { type AdapterDesign, adapters, unmergeable } from "../bottleneck.ts";
import type { Method } from "../method.ts";
import { type TargetOptions, targetOptions } from "../targets.ts";

export interface PfeifferOptions extends TargetOptions {
  /** d/m. */
  readonly reduction_factor: number;
}

export const pfeiffer: Method<PfeifferOptions> = {
  name: "pfeiffer",
  summary: "an adapter behind each feed-forward network",
  reference: "Pfeiffer et al., EACL 2021",
  learningRate: 1e-4,
  learningRateSource: "the documentation of its library, adapters",
  unmergeable,
  options: {
    reduction_factor: z
      .number()
      .positive()
      .default(16)
      .describe("how many times narrower an adapter is inside than the model"),
    ...targetOptions("the ends of feed-forward networks"),
  },
  attach: (specs, options) => compose(adapters(specs, options, design(options)), trainHead(specs)),
};

const design = ({ reduction_factor: factor }: PfeifferOptions): AdapterDesign => ({
  places: ["feed-forward-out"],
  size(width) {
    const size = Math.floor(width / factor);
    if (size === 0) throw new Error(`reduction_factor: ${factor} is above the width of the model, ${width}`);
    return size;
  },
  activation: relu,
  begins: { down: () => ({ normal: 0.02 }), up: { normal: 0.02 } },
  output({ output, residual, norm }, adapter) {
    const read = norm ? norm(add(output, residual)) : output;
    return add(output, adapter.apply(read));
  },
});
