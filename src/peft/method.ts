/** What a fine-tuning method is: which numbers are trained, and the line of mathematics that puts them into the weights. */
import type * as z from "zod";
import type { Value } from "../graph/value.ts";
import type { ParameterSpec, ParameterTable } from "../nn/parameters.ts";
import type { Random } from "../tensor/random.ts";
import type { Selection } from "../tensor/view.ts";

/** A trained tensor: a part of a parameter, in that parameter's own memory. */
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
}

/** A method applied to a model's parameters. */
export interface Attachment {
  /** In the order in which they are written into the weights: where two overlap the later one decides. */
  readonly trained: readonly TrainedTensor[];
  /** The modules the method chose, by name. */
  readonly targets: readonly string[];
  /** The linear modules of the blocks it left alone. */
  readonly untouched: readonly string[];
  /** W ↦ W′: the table the forward pass reads, from the table of base weights and the trained tensors' values. */
  reparameterize(base: ParameterTable, trained: ReadonlyMap<string, Value>): ParameterTable;
}

export interface Method<Options extends object = object> {
  readonly name: string;
  /** One sentence for lists and help. */
  readonly summary: string;
  readonly reference: string;
  /** The learning rate unless one is given. */
  readonly learningRate: number;
  /** How each option is checked, its default, and its description for help. */
  readonly options: { readonly [K in keyof Options]: z.ZodType<Options[K]> };
  /**
   * Chooses what is trained among `specs`. The head is always trained whole, whatever the method.
   * @throws Error in one line when the options do not fit the model.
   */
  attach(specs: readonly ParameterSpec[], options: Options, random: Random): Attachment;
}

/** A whole parameter as a trained tensor. */
export function wholeParameter(parameter: ParameterSpec): TrainedTensor {
  const count = parameter.shape.reduce((product, n) => product * n, 1);
  return { name: parameter.name, shape: parameter.shape, parameter, selection: null, count };
}

/** Training whole parameters changes nothing in the forward pass: the trained values are the weights. */
export function trainWhole(specs: readonly ParameterSpec[]): Pick<Attachment, "trained" | "reparameterize"> {
  return {
    trained: specs.map(wholeParameter),
    reparameterize: (base, trained) => new Map([...base, ...trained]),
  };
}
