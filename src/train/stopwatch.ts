/** Elapsed time, and the rates of training so far; evaluations are left out of the rates. */
import type { StepEvent } from "./events.ts";
import type { ClockState } from "./state.ts";

export interface Stopwatch {
  elapsed(): number;
  /** Leaves so many seconds out of the rates. */
  exclude(seconds: number): void;
  /** The rates after a step over examples with these numbers of tokens. */
  rates(
    step: number,
    steps: number,
    lengths: Iterable<number>,
  ): Pick<StepEvent, "examplesPerSecond" | "tokensPerSecond" | "secondsElapsed" | "secondsLeft">;
  state(): ClockState;
}

/** Begins to count, from where an earlier training stopped. */
export function stopwatch(from: ClockState | null = null): Stopwatch {
  const start = performance.now();
  const before = from?.secondsElapsed ?? 0;
  let { secondsExcluded, examples, tokens } = from ?? { secondsExcluded: 0, examples: 0, tokens: 0 };
  const elapsed = () => before + (performance.now() - start) / 1000;
  return {
    elapsed,
    exclude: (seconds) => void (secondsExcluded += seconds),
    rates(step, steps, lengths) {
      for (const length of lengths) {
        examples++;
        tokens += length;
      }
      const secondsElapsed = elapsed();
      const training = secondsElapsed - secondsExcluded;
      return {
        examplesPerSecond: examples / training,
        tokensPerSecond: tokens / training,
        secondsElapsed,
        secondsLeft: (training / step) * (steps - step),
      };
    },
    state: () => ({ secondsElapsed: elapsed(), secondsExcluded, examples, tokens }),
  };
}
