/** What a method may want to know of the model and the data before it chooses what to train. */
import type { Weights } from "../nn/parameters.ts";

/** How a linear module is used by calibration data: the 2-norms of each input feature's and each output feature's values. */
export interface ModuleNorms {
  readonly input: Float32Array;
  readonly output: Float32Array;
}

/** What kind of evidence a method asks for, and over how many training examples; the weights come with every kind. */
export type EvidenceKind =
  | { readonly kind: "weights" }
  | { readonly kind: "activations"; readonly samples: number }
  | { readonly kind: "fisher"; readonly samples: number; readonly power: "square" | "absolute" };

export interface Evidence {
  readonly weights: Weights;
  /** By module name; of the kind `activations`. */
  readonly norms?: ReadonlyMap<string, ModuleNorms>;
  /** By parameter name, as long as the parameter: sums over examples of squared (or absolute) gradients; of the kind `fisher`. */
  readonly fisher?: ReadonlyMap<string, Float32Array>;
}
