/** (IA)³ in peft: a vector a module, [out, 1] where it scales the output and [1, in] where it scales the input. */
import { toFloat32 } from "../../tensor/tensor.ts";
import { commonFields, free } from "./fields.ts";
import { type Adapter, inModel, type OwnPart, type PeftFiles, type PeftFormat, type WrittenPart } from "./format.ts";
import { targetNames } from "./names.ts";
import { byName, targetsOf, whole } from "./parts.ts";

const vector = "ia3_l";
const isOwn = (name: string) => name.endsWith(`.${vector}`);

export const ia3Format: PeftFormat = {
  method: "ia3",
  prefix: "base_model.model.",
  fields: {
    ...commonFields,
    target_modules: free(null),
    exclude_modules: free(null),
    feedforward_modules: free(null),
    fan_in_fan_out: free(false),
    init_ia3_weights: free(true),
  },
  isOwn,
  read({ tensors }: PeftFiles): Adapter {
    const vectors = new Map([...tensors].map(([name, value]) => [name, toFloat32(value)]));
    return {
      method: "ia3",
      options: {
        target_modules: targetsOf(vectors, vector),
        feedforward_modules: inputScaled(vectors),
      },
      tensors: [...vectors].map(([name, value]) => whole(name, value)),
    };
  },
  write(own: OwnPart, { specs }): WrittenPart {
    const tensors = byName(own);
    return {
      config: { feedforward_modules: targetNames(inputScaled(tensors), specs, () => false) },
      tensors: inModel(tensors),
      targets: targetsOf(tensors, vector),
    };
  },
};

/** The modules whose input is scaled. */
function inputScaled(vectors: ReadonlyMap<string, { readonly shape: readonly number[] }>): string[] {
  const rows = new Map([...vectors].filter(([, { shape }]) => shape[0] === 1 && shape.length === 2));
  return targetsOf(rows, vector);
}
