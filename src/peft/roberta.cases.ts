/** The parameters of real models, for counts that are published. */
import { classifiers } from "../../scripts/parameters/configs.ts";
import type { ParameterSpec } from "../nn/parameters.ts";
import type { Attachment } from "./method.ts";

export const robertaBase: readonly ParameterSpec[] = classifiers["RoBERTa-base"]!;
export const robertaLarge: readonly ParameterSpec[] = classifiers["RoBERTa-large"]!;

/** How many numbers of the body are trained, or of the head. */
export function countOf({ trained }: Attachment, head = false): number {
  return trained.filter(({ parameter }) => parameter.head === head).reduce((total, { count }) => total + count, 0);
}
