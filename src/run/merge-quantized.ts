/** A model merged with what was trained on it, its matrices in few bits: the rows that were trained become others, all other bytes stay. */
import { encodeSafetensors } from "../formats/safetensors.ts";
import { fewBitsFile } from "../hub/checkpoint.ts";
import { fewBitsMetadata } from "../hub/few-bits-weights.ts";
import { writeFolder, jsonFiles } from "../hub/save.ts";
import { simplify } from "../graph/simplify.ts";
import { isOp, type Value } from "../graph/value.ts";
import { turned } from "../models/weights.ts";
import { numbersIn, type ParameterSpec } from "../nn/parameters.ts";
import { partName, type StoredMatrix } from "../quantization/over-stored.ts";
import type { FewBits } from "../quantization/registry.ts";
import type { Parts } from "../quantization/scheme.ts";
import { changedRows, withRows } from "../quantization/with-rows.ts";
import { axisFromFront } from "../tensor/shape.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import type { AdaptedModel } from "../train/adapt.ts";
import { reparameterizedTable } from "../train/forward.ts";
import { mergedWeights } from "../train/merge.ts";
import { finished } from "../train/step.ts";
import { adaptedModel, type ModelSource, runtimeFor } from "./loaded.ts";
import { type MergedModel, type MergeOptions, mergeable } from "./merge.ts";
import { fineTunedConfig } from "./model-config.ts";
import { loadModel } from "./open.ts";
import { checkOutput, refuseSameFolder } from "./output.ts";

export interface QuantizedModel extends MergedModel {
  readonly quantization: FewBits;
  /** Rows of the matrices that are stored in few bits, and how many of them differ from the base model's in some byte. */
  readonly rows: number;
  readonly changedRows: number;
}

/**
 * Writes base weights and trained numbers as a folder with model-int8.safetensors or model-int4.safetensors: of each matrix W [out, in]
 * in few bits its parts, W.codes and W.scales, and everything else as float32 under transformers' names. Wherever a model is named, such
 * a folder may be. It can be written of methods that train rows and whole parameters alone.
 * @throws Error in one line when the method, the model or the output folder does not allow it; nothing is left half-written.
 */
export async function mergeQuantized(
  source: ModelSource,
  output: string,
  quantization: FewBits,
  { overwrite = false, onDownload, ...compute }: Omit<MergeOptions, "dtype"> = {},
): Promise<QuantizedModel> {
  await checkOutput(output, { overwrite });
  const trained = await mergeable(source);
  const loaded = await loadModel({ ...source, quantization }, onDownload);
  const { opened, task } = loaded;
  for (const read of [opened.folder.folder, trained]) await refuseSameFolder(output, read);
  const adapted = adaptedModel(loaded);
  if (adapted.stored.size === 0)
    throw new Error(`${trained}: leaves no matrix that could be stored as ${quantization}`);
  const tensors = new Map<string, Tensor>();
  const counts = { rows: 0, changedRows: 0 };
  for (const { spec, before, after } of mergedMatrices(adapted, trained, quantization)) {
    for (const [name, part] of Object.entries(after)) tensors.set(partName(spec.name, name), part);
    counts.rows += spec.shape[0]!;
    counts.changedRows += changedRows(before, after);
  }
  const floats = opened.specs.filter(({ name }) => !adapted.stored.has(name));
  const weights = await mergedWeights(adapted, await runtimeFor(adapted, compute), floats);
  for (const spec of floats) tensors.set(spec.name, turned(spec, weights[spec.name]!));
  const { companions, made } = opened.folder.files;
  const turnedNames = opened.specs.filter(({ name, storedTransposed }) => adapted.stored.has(name) && storedTransposed);
  const metadata = fewBitsMetadata(
    quantization,
    turnedNames.map(({ name }) => name),
  );
  const file = { [fewBitsFile(quantization)]: encodeSafetensors(tensors, metadata) };
  const contents = { config: fineTunedConfig(opened, task), files: companions, made: { ...jsonFiles(made), ...file } };
  await writeFolder(output, contents, { overwrite });
  const { architecture } = opened.head;
  return { folder: output, architecture, parameters: numbersIn(opened.specs), quantization, ...counts };
}

interface MergedMatrix {
  readonly spec: ParameterSpec;
  readonly before: Parts;
  readonly after: Parts;
}

/** Every stored matrix with its trained rows in it. @throws Error in one line where more than rows of one changes. */
function mergedMatrices(adapted: AdaptedModel, trained: string, quantization: FewBits): MergedMatrix[] {
  const table = reparameterizedTable(adapted);
  return adapted.specs.flatMap((spec) => {
    const matrix = adapted.stored.get(spec.name);
    if (!matrix) return [];
    const [value] = simplify([table.get(spec.name)!], finished(adapted));
    const before = partsOf(matrix);
    if (isOp(value!, "input")) return [{ spec, before, after: before }];
    const rows = replacedRows(value!);
    if (!rows)
      throw new Error(
        `${trained}: changes every row of ${spec.name}, expected trained rows alone with --quantization ${quantization}`,
      );
    const { shape, data } = adapted.trained.find(({ name }) => name === rows.name)!.view;
    return [{ spec, before, after: withRows(matrix, rows.indices, tensor("float32", shape, data)) }];
  });
}

const partsOf = ({ parts }: StoredMatrix): Parts =>
  Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, part.read()]));

/** The trained tensor that a value has in place of rows of a matrix, and of which; null where it is something else. */
function replacedRows(value: Value): { readonly name: string; readonly indices: readonly number[] } | null {
  if (!isOp(value, "replace")) return null;
  const [base, rows] = value.operands;
  const { axis, indices, within } = value.attrs;
  const isOfRows = axisFromFront(axis, 2) === 0 && within === null;
  return isOfRows && isOp(base, "input") && isOp(rows, "input") ? { name: rows.attrs.name, indices } : null;
}
