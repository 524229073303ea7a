/** A fine-tuned classifier as ONNX models, in the folder that transformers.js loads. */
import { tokenizerConfigFile } from "../hub/checkpoint.ts";
import { jsonFiles, writeFolder } from "../hub/save.ts";
import { standaloneModel } from "../onnx/model.ts";
import { nativeRuntime } from "../runtime/native.ts";
import type { AdaptedModel } from "../train/adapt.ts";
import { mergedWeights } from "../train/merge.ts";
import { forwardPass } from "../train/step.ts";
import type { ExportFormat } from "./export.ts";
import { fineTunedConfig } from "./model-config.ts";
import { adaptedModel, type LoadedModel } from "./loaded.ts";
import type { OpenModel } from "./prepare.ts";
import { isLabelled } from "./task-kinds.ts";

export const onnx: ExportFormat = {
  summary: "ONNX models in float32 and in 8-bit integers, as transformers.js loads them",
  async write(loaded, output, options) {
    const { opened, task } = loaded;
    if (!isLabelled(task.kind))
      throw new Error(`${task.name}: labels nothing, expected a model that was trained to label`);
    const model = await finishedModel(loaded);
    const graph = forwardPass(model);
    const made = {
      ...missingTokenizerConfig(loaded),
      ...jsonFiles(opened.folder.files.made),
      "onnx/model.onnx": standaloneModel(graph, model.feeds),
      "onnx/model_quantized.onnx": standaloneModel(graph, model.feeds, quantizable(model)),
    };
    const files = opened.folder.files.companions;
    return writeFolder(output, { config: fineTunedConfig(opened, task), files, made }, options);
  },
};

/** The plain model over merged weights, or the model with its method's tensors beside it where those cannot be merged. */
async function finishedModel(loaded: LoadedModel): Promise<AdaptedModel> {
  const adapted = adaptedModel(loaded);
  if (loaded.adapter === null || loaded.adapter.method.unmergeable !== undefined) return adapted;
  const weights = await mergedWeights(adapted, await nativeRuntime());
  return adaptedModel({ ...loaded, adapter: null, weights });
}

/** The weights that are kept as integers: the matrices of the body. The head is small, and its numbers are the answer. */
function quantizable({ specs }: AdaptedModel): Set<string> {
  const matrices = specs.filter(({ role, head }) => !head && (role === "linear" || role === "embedding"));
  return new Set(matrices.map(({ name }) => name));
}

/** tokenizer_config.json, which transformers.js asks for, where the checkpoint has none. */
function missingTokenizerConfig({ opened, maxLength }: LoadedModel): Record<string, string> {
  const { files } = opened.folder;
  if (files.companions.some((path) => path.endsWith(tokenizerConfigFile))) return {};
  return { [tokenizerConfigFile]: `${JSON.stringify(tokenizerConfig(opened, maxLength), null, 2)}\n` };
}

function tokenizerConfig({ tokenizer, model }: OpenModel, maxLength: number): Record<string, unknown> {
  const named = Object.entries(tokenizer.specialTokens).flatMap(([role, id]) =>
    id === null ? [] : [[`${role}_token`, ...tokenizer.tokensOf([id])] as const],
  );
  // Of the classes of transformers.js it is BERT's that says which segment a token belongs to.
  const tokenizer_class = model.segments > 1 ? "BertTokenizer" : "PreTrainedTokenizer";
  return { tokenizer_class, model_max_length: maxLength, ...Object.fromEntries(named) };
}
