/**
 * Mix-and-match adapter (He et al., ICLR 2022): a prefix in every attention and a scaled parallel adapter beside every
 * feed-forward network. Sizes are by default those of its published script for GLUE; for summarisation the paper has 30 virtual
 * tokens, a width of 512 and a scale of 4. Its scripts train the prefix through a network of 800, here `prefix_projection`.
 */
import { compose, trainHead } from "../attachment.ts";
import { adapters, bottleneckOption } from "../bottleneck.ts";
import type { Method } from "../method.ts";
import { parallel, scalingOption } from "./parallel-adapter.ts";
import { prefix, type PrefixOptions, prefixOptions } from "./prefix-tuning.ts";

export interface MamOptions extends PrefixOptions {
  /** m. */
  readonly bottleneck_size: number;
  /** s; `learned` begins at 1. */
  readonly scaling: number | "learned";
}

export const mam: Method<MamOptions> = {
  name: "mam",
  summary: "keys and values before those of the text, and an adapter beside each feed-forward network",
  reference: "He et al., ICLR 2022",
  learningRate: 1e-4,
  learningRateSource: "its published script for RoBERTa-base on GLUE",
  unmergeable: "its keys and values stand beside the weights', and its adapters have a nonlinearity inside",
  options: {
    ...prefixOptions({ tokens: 16, hidden: 800 }),
    bottleneck_size: bottleneckOption(16),
    scaling: scalingOption(2),
  },
  attach: (specs, options) =>
    compose(
      // A prefix that is trained itself begins as in its published code; positions of the text are counted from 0, as there.
      prefix(specs, options, { normal: 0.02 }, false),
      adapters(specs, { target_modules: null, layers_to_transform: null }, parallel(options)),
      trainHead(specs),
    ),
};
