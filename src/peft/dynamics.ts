/** What a method does beside the optimizer's steps: budgets that shrink, indices that move, phases. */
import type { ParameterSpec } from "../nn/parameters.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { MovableView, View } from "../tensor/view.ts";

/** The live numbers of an adapter under training. */
export interface LiveAdapter {
  /** The view of a trained tensor, by its name. */
  view(trained: string): View;
  /** Where a trained tensor stands whose entries move, by its name; the graphs follow when they do. */
  entries(trained: string): Pick<MovableView, "entries" | "base" | "moveTo">;
  /** A parameter of the model or of the method, by its name. */
  parameter(name: string): Tensor<"float32">;
}

/** A step of the optimizer that is to be made. */
export interface StepToCome {
  /** Counted from 1. */
  readonly step: number;
  readonly totalSteps: number;
  /** The gradients of whole parameters over the step's batches, whatever of them is trained in place; not clipped. */
  gradients(parameters: readonly ParameterSpec[]): Promise<readonly Float32Array[]>;
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
  /** What AdamW divides the moments by, which began at zero. */
  readonly biasCorrection: { readonly mean: number; readonly square: number };
  /** The random numbers that the step's last batch was fed, by the name of their input. */
  noise(input: string): Float32Array;
}

export interface Dynamics {
  /** Numbers that a checkpoint keeps and puts back in place, by name. */
  readonly state: Readonly<Record<string, Tensor<"float32">>>;
  /** Before a step, with the weights it begins with. */
  beforeStep?(coming: StepToCome): Promise<void>;
  /** After a step: trained tensors that it changes are committed afterwards. */
  afterStep(made: StepMade): void | Promise<void>;
  /** Whether what stands after a step is not yet of the kind that the method ends with: then it is never the best. */
  isProvisional?(step: number, totalSteps: number): boolean;
}
