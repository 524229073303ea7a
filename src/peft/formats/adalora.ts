/** AdaLoRA in peft: singular values that lost their place are left out, with the vectors that belong to them. */
import * as z from "zod";
import { type Tensor, transposed } from "../../tensor/tensor.ts";
import type { AdaloraOptions } from "../methods/adalora.ts";
import { type Fields, fixed, free, readFields } from "./fields.ts";
import { type Adapter, inModel, type OwnPart, type PeftFiles, type PeftFormat, type WrittenPart } from "./format.ts";
import { loraFields } from "./lora.ts";
import { byModule, byName, rowsOf, spreadRows, targetsOf, whole } from "./parts.ts";

const [matrixA, matrixB, values] = ["lora_A", "lora_B", "lora_E"] as const;
const parts = [matrixA, matrixB, values] as const;
const isOwn = (name: string) => parts.some((end) => name.endsWith(`.${end}`));

const fields: Fields = {
  ...loraFields,
  use_rslora: fixed(false),
  use_dora: fixed(false),
  alpha_pattern: fixed({}),
  rank_pattern: free(null),
  target_r: free(8),
  init_r: free(12),
  tinit: free(0),
  tfinal: free(0),
  deltaT: free(1),
  beta1: free(0.85),
  beta2: free(0.85),
  orth_reg_weight: free(0.5),
  total_step: free(null),
};

const schema = z.object({
  init_r: z.int().positive().default(12),
  target_r: z.int().positive().default(8),
  tinit: z.int().default(0),
  tfinal: z.int().default(0),
  deltaT: z.int().default(1),
  beta1: z.number().default(0.85),
  beta2: z.number().default(0.85),
  orth_reg_weight: z.number().default(0.5),
  lora_alpha: z.number().default(8),
  lora_dropout: z.number().default(0),
  rank_pattern: z.record(z.string(), z.array(z.boolean())).nullish(),
});

export const adaloraFormat: PeftFormat = {
  method: "adalora",
  prefix: "base_model.model.",
  fields,
  isOwn,
  read({ config, tensors }: PeftFiles): Adapter {
    const { rank_pattern: pattern, ...options } = readFields(config, schema);
    const { init_r: r } = options;
    const modules = byModule(tensors, parts);
    const read = [...modules].flatMap(([module, { [matrixA]: a, [matrixB]: b, [values]: e }]) => {
      const places = placesIn(pattern?.[`${module}.${values}`], e, `${module}.${values}`);
      return [
        whole(`${module}.${matrixA}`, spreadRows(a, places, r)),
        whole(`${module}.${values}`, spreadRows(e, places, r)),
        whole(`${module}.${matrixB}`, transposed(spreadRows(transposed(b), places, r))),
      ];
    });
    // peft takes an alpha that is not above 0 for the rank.
    const lora_alpha = options.lora_alpha > 0 ? options.lora_alpha : r;
    return {
      method: "adalora",
      options: { ...options, lora_alpha, target_modules: [...modules.keys()] },
      tensors: read,
    };
  },
  write(own: OwnPart): WrittenPart {
    const { target_modules: _, layers_to_transform: __, ...options } = own.options as AdaloraOptions;
    const tensors = byName(own);
    const kept = [...byModule(tensors, parts)].map(([module, tensorsOfModule]) => ({
      module,
      ...tensorsOfModule,
      places: [...tensorsOfModule[values].data.keys()].filter((i) => tensorsOfModule[values].data[i] !== 0),
    }));
    const isPruned = kept.some(({ places }) => places.length < options.init_r);
    return {
      // peft asks for the steps of the training, which nothing but a training reads.
      config: {
        ...options,
        rank_pattern: isPruned ? patternOf(kept, options.init_r) : null,
        total_step: options.tinit + options.tfinal + 1,
      },
      tensors: inModel(
        kept.flatMap(({ module, places, [matrixA]: a, [values]: e, [matrixB]: b }): [string, Tensor][] => [
          [`${module}.${matrixA}`, rowsOf(a, places)],
          [`${module}.${matrixB}`, transposed(rowsOf(transposed(b), places))],
          [`${module}.${values}`, rowsOf(e, places)],
        ]),
      ),
      targets: targetsOf(tensors, values),
    };
  },
};

interface Kept {
  readonly module: string;
  /** Which of the singular values are not zero. */
  readonly places: readonly number[];
}

/** Which of the r singular values of each module are in the file, as peft says it. */
function patternOf(kept: readonly Kept[], r: number): Record<string, boolean[]> {
  const entries = kept.map(({ module, places }): [string, boolean[]] => [
    `${module}.${values}`,
    Array.from({ length: r }, (_, i) => places.includes(i)),
  ]);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Where the singular values of a file stand among the r of the training; the first ones where nothing is said. */
function placesIn(pattern: readonly boolean[] | undefined, { shape }: Tensor, name: string): number[] {
  if (pattern === undefined) return Array.from({ length: shape[0]! }, (_, i) => i);
  const places = [...pattern.keys()].filter((i) => pattern[i]);
  if (places.length === shape[0]) return places;
  throw new Error(`rank_pattern: keeps ${places.length} of ${name}, the file has ${shape[0]}`);
}
