/** SHiRA in peft: what is added to single entries of a weight, and their rows and columns. Here the entries themselves are kept. */
import * as z from "zod";
import { formatShape } from "../../tensor/shape.ts";
import { type Tensor, tensor, toFloat32 } from "../../tensor/tensor.ts";
import { isEntries } from "../../tensor/view.ts";
import type { AdapterTensor } from "../adapter.ts";
import type { ShiraOptions } from "../methods/shira.ts";
import { commonFields, fixed, free, readFields } from "./fields.ts";
import {
  type Adapter,
  type BaseModel,
  inModel,
  type OwnPart,
  type PeftFiles,
  type PeftFormat,
  type WrittenPart,
} from "./format.ts";
import { moduleOf } from "./names.ts";

const [weights, indices] = ["shira_weight", "shira_indices"] as const;

export const shiraFormat: PeftFormat = {
  method: "shira",
  prefix: "base_model.model.",
  fields: {
    ...commonFields,
    target_modules: free(null),
    r: free(32),
    // The indices are in the file.
    mask_type: free("random"),
    random_seed: free(null),
    fan_in_fan_out: fixed(false),
    init_weights: free(true),
  },
  isOwn: (name) => [weights, indices].some((end) => name.endsWith(`.${end}`)),
  read({ config, tensors }: PeftFiles, base: BaseModel): Adapter {
    const { r: rank } = readFields(config, z.object({ r: z.int().default(32) }));
    const modules = [...tensors.keys()].filter((name) => name.endsWith(`.${weights}`)).map(moduleOf);
    return {
      method: "shira",
      options: { rank, target_modules: modules },
      tensors: modules.map((module) => entriesOf(module, tensors, base)),
    };
  },
  write({ options, tensors }: OwnPart, base: BaseModel): WrittenPart {
    const transposed = base.specs.find(({ storedTransposed }) => storedTransposed);
    if (transposed)
      throw new Error(`${transposed.name}: is [in, out] in checkpoints, and peft's SHIRA knows only [out, in]`);
    return {
      config: { r: (options as ShiraOptions).rank },
      tensors: inModel(tensors.flatMap((part) => changesOf(part, base))),
      targets: tensors.map(({ parameter }) => moduleOf(parameter)),
    };
  },
};

/** The entries of a module's weight after what was trained is added to them. */
function entriesOf(module: string, tensors: PeftFiles["tensors"], { weights: base }: BaseModel): AdapterTensor {
  const [name, parameter] = [`${module}.${indices}`, `${module}.weight`];
  const [places, weight] = [tensors.get(name), base[parameter]];
  if (!places) throw new Error(`no tensor named ${name}`);
  if (!weight) throw new Error(`tensor ${name} belongs to ${parameter}, which the model does not have`);
  const changes = toFloat32(tensors.get(`${module}.${weights}`)!);
  const count = changes.data.length;
  const columns = weight.shape[1]!;
  if (places.shape.length !== 2 || places.shape[0] !== 2 || places.shape[1] !== count)
    throw new Error(`tensor ${name} is ${formatShape(places.shape)}, expected ${formatShape([2, count])}`);
  const at = (i: number) => Number(places.data[i]) * columns + Number(places.data[count + i]);
  const entries = Int32Array.from({ length: count }, (_, i) => at(i));
  const values = changes.data.map((change, i) => weight.data[entries[i]!]! + change);
  return {
    name: `${parameter}.entries`,
    parameter,
    selection: { entries },
    values: tensor("float32", [count], values),
  };
}

function changesOf({ name, parameter, selection, values }: AdapterTensor, base: BaseModel): [string, Tensor][] {
  if (!isEntries(selection)) throw new Error(`${name}: expected single entries of a weight`);
  const { entries } = selection;
  const { data, shape } = base.weights[parameter]!;
  const columns = shape[1]!;
  const module = moduleOf(parameter);
  const places = new Int32Array(2 * entries.length);
  for (const [i, entry] of entries.entries()) {
    places[i] = Math.floor(entry / columns);
    places[entries.length + i] = entry % columns;
  }
  const changes = values.data.map((value, i) => value - data[entries[i]!]!);
  return [
    [`${module}.${indices}`, tensor("int32", [2, entries.length], places)],
    [`${module}.${weights}`, tensor("float32", [entries.length], changes)],
  ];
}
