/** The model families by the `model_type` of config.json; the only list of them. */
import * as z from "zod";
import type { Architecture, Model } from "./architecture.ts";
import { bart } from "./bart.ts";
import { bert } from "./bert.ts";
import { bloom } from "./bloom.ts";
import { parseConfig } from "./config.ts";
import { debertaV2 } from "./deberta-v2.ts";
import { distilbert } from "./distilbert.ts";
import { gemma } from "./gemma.ts";
import { gpt2 } from "./gpt2.ts";
import { gptj } from "./gptj.ts";
import { llama } from "./llama.ts";
import { mistral } from "./mistral.ts";
import { qwen2 } from "./qwen2.ts";
import { qwen3 } from "./qwen3.ts";
import { camembert, roberta, xlmRoberta } from "./roberta.ts";
import { t5 } from "./t5.ts";

export const architectures: Readonly<Record<string, Architecture>> = {
  bert,
  roberta,
  "xlm-roberta": xlmRoberta,
  camembert,
  distilbert,
  "deberta-v2": debertaV2,
  bart,
  t5,
  gpt2,
  gptj,
  bloom,
  llama,
  mistral,
  qwen2,
  qwen3,
  gemma,
};

/**
 * The model that a parsed config.json describes.
 * @throws Error in one line when its `model_type` is not known or a field does not fit.
 */
export function modelOf(config: unknown, where: string): Model {
  const { model_type: type } = parseConfig(z.object({ model_type: z.string() }), config, where);
  const architecture = Object.hasOwn(architectures, type) ? architectures[type] : undefined;
  if (!architecture)
    throw new Error(
      `${where}: model_type "${type}" is not known, expected one of ${Object.keys(architectures).join(", ")}`,
    );
  return architecture.configure(config, where);
}
