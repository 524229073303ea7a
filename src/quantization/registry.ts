/** How a base model may be stored. */
import type { Model } from "../models/architecture.ts";
import type { ParameterSpec } from "../nn/parameters.ts";
import type { Attachment } from "../peft/method.ts";
import { isEntries } from "../tensor/view.ts";
import { int4 } from "./int4.ts";
import { int8, int8Twice, int8WeightsOnly } from "./int8.ts";
import type { Scheme } from "./scheme.ts";

export type Quantization = "none" | "int8" | "int4";
export type FewBits = Exclude<Quantization, "none">;

/** What matrices become, by the name of the form: a scheme of each, for the parts alone. */
export const storedForms: { readonly [Q in FewBits]: Scheme } = { int8, int4 };

/** How matrices are stored, and how tables of words are multiplied, which become the same. */
interface Schemes {
  readonly matrices: Scheme;
  readonly words: Scheme;
}

const schemes: { readonly [Q in FewBits]: (model: Model) => Schemes } = {
  // Scores of all words for all tokens are more numbers than the table has: a second product of them takes more memory than its floats.
  int8: (model) =>
    isEncoder(model) ? { matrices: int8, words: int8 } : { matrices: int8Twice, words: int8WeightsOnly },
  int4: () => ({ matrices: int4, words: int4 }),
};
export const quantizations: readonly Quantization[] = ["none", ...(Object.keys(schemes) as (keyof typeof schemes)[])];

/** Whether a model reads texts as a whole. */
const isEncoder = ({ heads }: Model) => heads["masked-language-model"] !== undefined;

/** What those matrices of a model become that are stored in few bits; null where none are. */
export const schemeFor = (quantization: Quantization, model: Model): Scheme | null =>
  quantization === "none" ? null : schemes[quantization](model).matrices;

/**
 * How each parameter of a model is stored: matrices of its body and of a language model's head in few bits, but those that are trained
 * whole or whose trained entries move; null for the rest, which stays float32.
 */
export function schemeOf(
  quantization: Quantization,
  model: Model,
  { trained }: Pick<Attachment, "trained">,
): (spec: ParameterSpec) => Scheme | null {
  if (quantization === "none") return () => null;
  const { matrices, words } = schemes[quantization](model);
  const changing = new Set(
    trained
      .filter(({ selection, moves = false }) => selection === null || (moves && isEntries(selection)))
      .map(({ parameter }) => parameter.name),
  );
  return ({ name, shape, role, head, pretrainedHead = false }) => {
    if (!matrices.fits(shape) || (head && !pretrainedHead) || changing.has(name)) return null;
    return pretrainedHead || role === "embedding" ? words : matrices;
  };
}
