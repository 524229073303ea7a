/** The library in Node: everything of index.ts, and files, the hub and the native runtime. */
export * from "./index.ts";
export { openModelFolder, type ModelFolder } from "./hub/model-folder.ts";
export { resolveModel } from "./hub/resolve.ts";
export { type Classifier, openAdapter, openCheckpoint, openRun } from "./run/classifier.ts";
export type { TrainConfig, TrainInput } from "./run/config.ts";
export type { ReadyEvent, RunEvent, SavedEvent } from "./run/events.ts";
export type { ExecuteOptions } from "./run/execute.ts";
export { fineTune, resumeRun } from "./run/fine-tune.ts";
export { type Exported, exportModel, type ExportOptions } from "./run/export.ts";
export { type Generator, type GeneratorPrompt, openGenerator, type OpenGeneratorOptions } from "./run/generator.ts";
export { type BaseModel, openBase } from "./run/live.ts";
export type { ModelSource } from "./run/loaded.ts";
export { mergeModel, mergeRun, type MergedModel } from "./run/merge.ts";
export type { NtkInput } from "./run/ntk/config.ts";
export { kernelStudy, type NtkEvent, type NtkOptions } from "./run/ntk/study.ts";
export { type Plan, plan } from "./run/plan.ts";
export type { Prediction } from "./run/prediction.ts";
export { nativeRuntime, type NativeOptions } from "./runtime/native.ts";
