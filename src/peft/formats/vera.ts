/** VeRA in peft: two vectors a module, and the two matrices that all of them share. */
import * as z from "zod";
import { toFloat32 } from "../../tensor/tensor.ts";
import type { VeraOptions } from "../methods/vera.ts";
import { commonFields, fixed, free, readFields, targetFields } from "./fields.ts";
import { type Adapter, inModel, type OwnPart, type PeftFiles, type PeftFormat, type WrittenPart } from "./format.ts";
import { byName, targetsOf, whole } from "./parts.ts";

const [scaleB, scaleD] = ["vera_lambda_b", "vera_lambda_d"] as const;
const shared: readonly string[] = ["vera_A", "vera_B"];
const isOwn = (name: string) => shared.includes(name) || [scaleB, scaleD].some((end) => name.endsWith(`.${end}`));

const schema = z.object({
  r: z.int().default(256),
  d_initial: z.number().default(0.1),
  vera_dropout: z.number().default(0),
});

export const veraFormat: PeftFormat = {
  method: "vera",
  prefix: "base_model.model.",
  fields: {
    ...commonFields,
    ...targetFields,
    r: free(256),
    d_initial: free(0.1),
    vera_dropout: free(0),
    bias: free("none"),
    fan_in_fan_out: free(false),
    init_weights: free(true),
    projection_prng_key: free(0),
    // Else the shared matrices would be those that PyTorch's random numbers give.
    save_projection: fixed(true),
  },
  isOwn,
  read({ config, tensors }: PeftFiles): Adapter {
    const { r: rank, ...options } = readFields(config, schema);
    return {
      method: "vera",
      options: { ...options, rank, target_modules: targetsOf(tensors, scaleB) },
      tensors: [...tensors].map(([name, value]) => whole(name, toFloat32(value))),
    };
  },
  write(own: OwnPart): WrittenPart {
    const { rank: r, d_initial, vera_dropout } = own.options as VeraOptions;
    const tensors = byName(own);
    const [ofAll, ofModules] = [true, false].map((isShared) =>
      [...tensors].filter(([name]) => shared.includes(name) === isShared),
    );
    return {
      config: { r, d_initial, vera_dropout },
      tensors: new Map([
        ...inModel(ofModules!),
        ...ofAll!.map(([name, value]) => [`base_model.${name}`, value] as const),
      ]),
      targets: targetsOf(tensors, scaleB),
    };
  },
};
