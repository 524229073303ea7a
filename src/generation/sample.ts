/** One text, token by token: the likeliest each time, or one that is drawn. */
import type { Random } from "../tensor/random.ts";
import { draw, likeliest, logSumExp } from "./probability.ts";
import type { LogitsProcessor } from "./processor.ts";
import { type Continuation, endOf, type Ending, type FinishReason, type Search } from "./search.ts";

/** A token as it was chosen. */
export interface ChosenToken {
  readonly token: number;
  /** The model's own, before anything has changed its scores. */
  readonly logProbability: number;
  /** Why the text ends with it; null where it goes on. */
  readonly finishReason: FinishReason | null;
}

export interface SampleOptions {
  readonly prompt: readonly number[];
  readonly processors: readonly LogitsProcessor[];
  readonly ending: Ending;
  /** What tokens are drawn from; without it the likeliest is taken. */
  readonly stream: Random | null;
  readonly onToken?: ((chosen: ChosenToken) => void) | undefined;
}

export function sample({ prompt, processors, ending, stream, onToken }: SampleOptions): Search {
  const ids = [...prompt];
  let finishReason: FinishReason | null = null;
  const newTokens = () => ids.slice(prompt.length);

  const choose = (logits: Float32Array): number => {
    const scores = processors.length > 0 ? logits.slice() : logits;
    for (const process of processors) process(scores, ids);
    return stream ? draw(scores, stream) : likeliest(scores);
  };

  return {
    step([logits]): readonly Continuation[] {
      const token = choose(logits!);
      ids.push(token);
      finishReason = endOf(newTokens(), ending);
      onToken?.({ token, logProbability: logits![token]! - logSumExp(logits!), finishReason });
      return finishReason === null ? [{ from: 0, token }] : [];
    },
    results: () => [{ tokens: newTokens(), finishReason: finishReason!, score: null }],
  };
}
