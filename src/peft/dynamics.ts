/** What a method does beside the optimizer's steps: budgets that shrink, indices that move, phases. */
import type { Tensor } from "../tensor/tensor.ts";
import type { View } from "../tensor/view.ts";

/** The live numbers of an adapter under training. */
export interface LiveAdapter {
  /** The view of a trained tensor, by its name. */
  view(trained: string): View;
  /** A parameter of the model or of the method, by its name. */
  parameter(name: string): Tensor<"float32">;
}

/** A step of the optimizer that has been made. */
export interface StepMade {
  /** Counted from 1. */
  readonly step: number;
  readonly totalSteps: number;
  /** The gradient of a trained tensor as the optimizer used it, by its name. */
  gradient(trained: string): Float32Array;
  /** AdamW's two moments of a trained tensor, to be changed in place where its numbers change their meaning. */
  moments(trained: string): { readonly mean: Float32Array; readonly square: Float32Array };
}

export interface Dynamics {
  /** Numbers that a checkpoint keeps and puts back in place, by name. */
  readonly state: Readonly<Record<string, Tensor<"float32">>>;
  /** After a step: trained tensors that it changes are committed afterwards. */
  afterStep(made: StepMade): void | Promise<void>;
}
