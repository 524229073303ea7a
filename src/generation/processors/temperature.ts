/** A softmax that is sharper or flatter. */
import type { LogitsProcessor } from "../processor.ts";

/** Scores are divided by `t`: below 1 likely tokens become likelier, above 1 less likely. */
export function temperature(t: number): LogitsProcessor {
  return (scores) => {
    for (let i = 0; i < scores.length; i++) scores[i]! /= t;
  };
}
