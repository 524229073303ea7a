/** The library without files or a native runtime: it bundles for a browser. In Node, `rocoft` adds those. */
export { gradients, pullbacks } from "./autodiff/gradients.ts";
export { encodeDataset, type EncodedDataset } from "./data/encode.ts";
export type { ChatTemplate } from "./data/chat-template.ts";
export type { Conversation, Dataset, Example, Message, Texts } from "./data/examples.ts";
export type { Question } from "./data/question.ts";
export { createTokenizer, type Encoding, type Tokenizer } from "./data/tokenizer.ts";
export { decodeSafetensors, encodeSafetensors } from "./formats/safetensors.ts";
export {
  type Generated,
  type GeneratedSequence,
  generate,
  type GenerateOptions,
  streamTokens,
  type TokenEvent,
} from "./generation/generate.ts";
export { languageModel, type LanguageModel } from "./generation/language-model.ts";
export type { TextModel } from "./generation/prompt.ts";
export type { FinishReason } from "./generation/search.ts";
export { type GenerationInput, readGenerationConfig } from "./generation/settings.ts";
export * as graph from "./graph/ops.ts";
export { print } from "./graph/print.ts";
export { rewrites, simplify } from "./graph/simplify.ts";
export type { Value } from "./graph/value.ts";
export { interpret } from "./interpret/interpret.ts";
export { metrics } from "./metrics/registry.ts";
export { sentencesOf } from "./metrics/sentences.ts";
export type { TextMetric } from "./metrics/text-metric.ts";
export { textMetrics } from "./metrics/text-registry.ts";
export type { Architecture, Head, Model } from "./models/architecture.ts";
export { architectures, modelOf } from "./models/registry.ts";
export type { FittedClassifier, KernelClassifier, Problem } from "./ntk/classifiers/classifier.ts";
export { kernelClassifiers } from "./ntk/classifiers/registry.ts";
export { relativeDistance } from "./ntk/comparison/frobenius.ts";
export {
  compareKernels,
  describeKernel,
  type KernelComparison,
  type KernelDescription,
} from "./ntk/comparison/measures.ts";
export { type EmpiricalKernel, empiricalKernels, type KernelOptions } from "./ntk/empirical-kernel.ts";
export { compileJacobian, type Jacobian, jacobianGraph } from "./ntk/jacobian.ts";
export { type Kernel, traceKernel } from "./ntk/kernel.ts";
export { studyReport } from "./ntk/report.ts";
export type { KernelStudy } from "./ntk/study.ts";
export { onnxModel } from "./onnx/model.ts";
export { adamw } from "./optim/adamw.ts";
export type { Attachment, Method, TrainedTensor } from "./peft/method.ts";
export { methodOf, methods } from "./peft/registry.ts";
export { createRuntime, type Ort, type Program, type Runtime } from "./runtime/runtime.ts";
export { instructionTemplates } from "./tasks/instructions.ts";
export type { LikelihoodItem } from "./tasks/likelihood.ts";
export { likelihoodOf } from "./tasks/questions.ts";
export { tasks } from "./tasks/registry.ts";
export type { Scoring } from "./tasks/scoring.ts";
export type { Task } from "./tasks/task.ts";
export type { ArrayOf, DType } from "./tensor/dtype.ts";
export { random, type Random } from "./tensor/random.ts";
export { tensor, type Tensor, zeros } from "./tensor/tensor.ts";
export { adapt, type AdaptedModel, type AttachedModel, restore } from "./train/adapt.ts";
export type { EndEvent, EvaluationEvent, Scores, StepEvent, TrainingEvent } from "./train/events.ts";
export { loadWeights, parametersOf } from "./train/load.ts";
export type { TrainingOptions } from "./train/options.ts";
export { forwardPass, trainingStep } from "./train/step.ts";
export { mergedWeights } from "./train/merge.ts";
export { train, type TrainingJob } from "./train/trainer.ts";
