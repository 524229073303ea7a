/** LayerNorm tuning in peft: each norm's parameters under `ln_tuning_layers`. */
import { toFloat32 } from "../../tensor/tensor.ts";
import { normsOf } from "../methods/ln-tuning.ts";
import { commonFields, free } from "./fields.ts";
import { inModel, type OwnPart, type PeftFormat, type WrittenPart } from "./format.ts";
import { moduleOf } from "./names.ts";
import { byName, whole } from "./parts.ts";

const layers = "ln_tuning_layers";

export const lnTuningFormat: PeftFormat = {
  method: "ln_tuning",
  prefix: "base_model.model.",
  fields: { ...commonFields, target_modules: free(null), exclude_modules: free(null) },
  isOwn: (name) => name.includes(`.${layers}.`),
  read: ({ tensors }) => ({
    method: "ln_tuning",
    options: {},
    tensors: [...tensors].map(([name, value]) => whole(name.replace(`.${layers}.`, "."), toFloat32(value))),
  }),
  ownsParameter: (name, { specs }) => normsOf(specs).some((norm) => norm.name === name),
  write(own: OwnPart): WrittenPart {
    const tensors = byName(own);
    const named = [...tensors].map(([name, value]) => [name.replace(/\.([^.]*)$/, `.${layers}.$1`), value] as const);
    return { config: {}, tensors: inModel(named), targets: [...new Set([...tensors.keys()].map(moduleOf))] };
  },
};
