/** Causal language modelling: a model learns to go on with texts. */
import type { TaskDefinition } from "./task.ts";
import { textsAlone } from "./texts-alone.ts";

export const causalLanguageModel: TaskDefinition = textsAlone("causal-language-model");
