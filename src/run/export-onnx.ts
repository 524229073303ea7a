/** A fine-tuned classifier or language model as ONNX models, in the folder that transformers.js loads. */
import { decoderWithPast } from "../generation/with-past.ts";
import type { Value } from "../graph/value.ts";
import type { JsonObject } from "../hub/model-folder.ts";
import { jsonFiles, writeFolder } from "../hub/save.ts";
import type { HeadName } from "../models/architecture.ts";
import type { Quantization } from "../onnx/lower/quantized.ts";
import { standaloneModel } from "../onnx/model.ts";
import { nativeRuntime } from "../runtime/native.ts";
import type { AdaptedModel } from "../train/adapt.ts";
import { mergedWeights } from "../train/merge.ts";
import { forwardPass } from "../train/step.ts";
import type { ExportFormat } from "./export.ts";
import { fineTunedConfig } from "./model-config.ts";
import { adaptedModel, type LoadedModel } from "./loaded.ts";
import type { OpenModel } from "./prepare.ts";
import { taskKinds } from "./task-kinds.ts";
import { cacheConfig, generationConfig, tokenizerConfig } from "./transformers-js.ts";

export const onnx: ExportFormat = {
  summary: "ONNX models in float32 and in 8-bit integers, as transformers.js loads them",
  async write(loaded, output, options) {
    const { opened, task } = loaded;
    const form = forms[taskKinds[task.kind].head];
    if (!form)
      throw new Error(
        `${task.name}: cannot be exported to ONNX, expected a model with a classifier's head or a decoder that goes on with texts`,
      );
    const model = await finishedModel(loaded);
    const { outputs, quantization, files, config } = form(model, opened);
    const { companions, made } = opened.folder.files;
    const contents = {
      ...jsonFiles({ ...tokenizerConfig(loaded, model), ...files, ...made }),
      "onnx/model.onnx": standaloneModel(outputs, model.feeds),
      "onnx/model_quantized.onnx": standaloneModel(outputs, model.feeds, { names: quantizable(model), quantization }),
    };
    const whole = { config: { ...fineTunedConfig(opened, task), ...config }, files: companions, made: contents };
    return writeFolder(output, whole, options);
  },
};

/** What is particular to a head: the graph, how its products read integers, files beside it, fields of config.json. */
interface Form {
  readonly outputs: Readonly<Record<string, Value>>;
  readonly quantization: Quantization;
  readonly files?: Readonly<Record<string, JsonObject>>;
  readonly config?: JsonObject;
}

const forms: Readonly<Partial<Record<HeadName, (model: AdaptedModel, opened: OpenModel) => Form>>> = {
  "sequence-classification": (model) => ({ outputs: forwardPass(model), quantization: "dynamic" }),
  "causal-language-model": (model, opened) => {
    const { outputs, layers } = decoderWithPast(model);
    const files = generationConfig(opened);
    return { outputs, quantization: "weight-only", files, config: cacheConfig(opened, layers) };
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
