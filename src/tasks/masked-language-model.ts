/** Masked language modelling: a model learns to fill gaps in texts. */
import type { TaskDefinition } from "./task.ts";
import { textsAlone } from "./texts-alone.ts";

export const maskedLanguageModel: TaskDefinition = textsAlone("masked-language-model");
