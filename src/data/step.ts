/** A step of a normalizer, a pre-tokenizer or a decoder in a tokenizer.json. */
import * as z from "zod";

/** The step's kind, and settings that are the kind's own. */
export interface Step {
  readonly type: string;
  readonly [setting: string]: unknown;
}

export const step: z.ZodType<Step> = z.looseObject({ type: z.string() });
