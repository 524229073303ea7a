/** What a fine-tuning method is: which numbers are trained, and the line of mathematics that puts them into the model. */
import type * as z from "zod";
import type { Value } from "../graph/value.ts";
import type { ParameterSpec, ParameterTable, Weights } from "../nn/parameters.ts";
import type { Sites } from "../nn/sites.ts";
import type { Random } from "../tensor/random.ts";
import type { Selection } from "../tensor/view.ts";
import type { Dynamics, LiveAdapter } from "./dynamics.ts";
import type { Evidence, EvidenceKind } from "./evidence.ts";

/** A trained tensor: a part of a parameter, in that parameter's own memory. The parameter may be one the method adds. */
export interface TrainedTensor {
  /** Its name in the adapter file. */
  readonly name: string;
  readonly shape: readonly number[];
  /** The parameter it is a part of. */
  readonly parameter: ParameterSpec;
  /** Which part; null for the whole. */
  readonly selection: Selection | null;
  /** How many numbers it trains: its size, less what another trained tensor decides. */
  readonly count: number;
  /** How it is optimised, where not as every other. */
  readonly optimization?: Optimization;
  /** Whether its entries move while it is trained; see {@link LiveAdapter.entries}. */
  readonly moves?: boolean;
}

export interface Optimization {
  /** Its learning rate as a multiple of the run's; 1 unless given. */
  readonly learningRateRatio?: number;
  /** Its own learning rate, which no schedule changes. */
  readonly constantLearningRate?: number;
  /** Whether weight decay shrinks it; by default it spares biases and norms. */
  readonly decay?: boolean;
}

/** A parameter that a method adds to the model's own. */
export interface AddedTensor extends ParameterSpec {
  /** The parameter it belongs with, for lists; null where it belongs with none. */
  readonly of: string | null;
  /** Frozen ones are saved with the adapter, too. */
  readonly trained: boolean;
  readonly optimization?: Optimization;
  /** Its first numbers, where they follow from the base weights; else {@link ParameterSpec.initializer} says. */
  readonly initial?: (weights: Weights) => Float32Array;
}

/** A model's inputs by name. */
export type Inputs = Readonly<Record<string, Value>>;

/** Whether a forward pass is one of training. */
export interface Mode {
  readonly training: boolean;
}

/** A method applied to a model's parameters. */
export interface Attachment {
  /** In the order in which they are written into the weights: where two overlap the later one decides. */
  readonly trained: readonly TrainedTensor[];
  readonly added: readonly AddedTensor[];
  /** The modules the method chose, by name. */
  readonly targets: readonly string[];
  /** The linear modules of the blocks it left alone. */
  readonly untouched: readonly string[];
  /** Tokens of the method's own in front of every text. */
  readonly virtualTokens: number;
  /** How many of the model's positions it takes from every text. */
  readonly positions: number;
  /**
   * W ↦ W′: the table the forward pass reads, from the table of the model's and the method's parameters and the trained tensors'
   * values. In training it may leave to {@link sites} what drops numbers.
   */
  reparameterize(base: ParameterTable, trained: ReadonlyMap<string, Value>, mode: Mode): ParameterTable;
  /** What the model reads, from what the batch holds. @param word a token that is no padding */
  inputs?(inputs: Inputs, word: number): Inputs;
  /** What steps into the forward pass over a reparameterised table. */
  sites?(table: ParameterTable, mode: Mode): Sites;
  /** What is added to the loss in training, a scalar. */
  penalty?(table: ParameterTable): Value;
  /** What happens beside the optimizer's steps; made while the weights are still the base model's. */
  dynamics?(live: LiveAdapter): Dynamics;
}

export interface Method<Options extends object = object> {
  readonly name: string;
  /** One sentence for lists and help. */
  readonly summary: string;
  readonly reference: string;
  /** The learning rate unless one is given. */
  readonly learningRate: number;
  /** Where it comes from. */
  readonly learningRateSource: string;
  /** Why its result cannot be merged into the base model's weights; left out where it can. */
  readonly unmergeable?: string;
  /** How each option is checked, its default, and its description for help. */
  readonly options: { readonly [K in keyof Options]: z.ZodType<Options[K]> };
  /** What it must know of model and data before it chooses; nothing where left out. */
  evidence?(options: Options): EvidenceKind | null;
  /**
   * Chooses what is trained among `specs`. The head is always trained whole, whatever the method.
   * @param evidence what {@link evidence} asked for; without it the choice has the right size, but not the right place
   * @throws Error in one line when the options do not fit the model.
   */
  attach(specs: readonly ParameterSpec[], options: Options, random: Random, evidence?: Evidence | null): Attachment;
}
