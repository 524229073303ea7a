/** The model families by the `model_type` of config.json; the only list of them. */
import * as z from "zod";
import type { Architecture, Model } from "./architecture.ts";
import { bert } from "./bert.ts";
import { parseConfig } from "./config.ts";
import { debertaV2 } from "./deberta-v2.ts";
import { distilbert } from "./distilbert.ts";
import { camembert, roberta, xlmRoberta } from "./roberta.ts";

export const architectures: Readonly<Record<string, Architecture>> = {
  bert,
  roberta,
  "xlm-roberta": xlmRoberta,
  camembert,
  distilbert,
  "deberta-v2": debertaV2,
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
