/** AdamW (Loshchilov & Hutter 2019). */
import type { Optimizer } from "./optimizer.ts";

export interface AdamWOptions {
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
  /** Each step first shrinks a decaying parameter by learning rate × weight decay. */
  readonly weightDecay?: number;
}

const defaults: Required<AdamWOptions> = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 };

export interface AdamWState {
  /** Steps done. */
  step: number;
  /** Running mean of the gradient, one a parameter. */
  readonly mean: readonly Float32Array[];
  /** Running mean of its square. */
  readonly square: readonly Float32Array[];
}

/** AdamW with bias correction, as PyTorch computes it: ε is added after the corrected square root. */
export function adamw(options: AdamWOptions = {}): Optimizer<AdamWState> {
  const { beta1, beta2, epsilon, weightDecay } = { ...defaults, ...options };
  return {
    init(parameters) {
      const zeros = () => parameters.map(({ data }) => new Float32Array(data.length));
      return { step: 0, mean: zeros(), square: zeros() };
    },
    update(parameters, gradients, state, learningRate) {
      state.step++;
      const corrected = biasCorrection(options, state.step);
      parameters.forEach(({ data, decay, learningRate: rateOf }, i) => {
        const rate = rateOf?.(learningRate) ?? learningRate;
        move(data, gradients[i]!, state.mean[i]!, state.square[i]!, {
          beta1,
          beta2,
          epsilon,
          rate: rate / corrected.mean,
          correction: 1 / Math.sqrt(corrected.square),
          kept: decay ? 1 - rate * weightDecay : 1,
        });
      });
    },
  };
}

/** What the moments are divided by after so many steps, because they began at zero. */
export function biasCorrection(
  options: AdamWOptions,
  step: number,
): { readonly mean: number; readonly square: number } {
  const { beta1, beta2 } = { ...defaults, ...options };
  return { mean: 1 - beta1 ** step, square: 1 - beta2 ** step };
}

interface Factors {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Learning rate over the mean's bias correction. */
  readonly rate: number;
  /** The square root of the square's bias correction, inverted. */
  readonly correction: number;
  /** What weight decay leaves. */
  readonly kept: number;
}

/** A loop of its own, over locals alone: half as long again inside a closure. */
function move(
  data: Float32Array,
  gradient: Float32Array,
  mean: Float32Array,
  square: Float32Array,
  factors: Factors,
): void {
  const { beta1, beta2, epsilon, rate, correction, kept } = factors;
  for (let k = 0; k < data.length; k++) {
    const g = gradient[k]!;
    const m = beta1 * mean[k]! + (1 - beta1) * g;
    const v = beta2 * square[k]! + (1 - beta2) * g * g;
    mean[k] = m;
    square[k] = v;
    data[k] = kept * data[k]! - (rate * m) / (Math.sqrt(v) * correction + epsilon);
  }
}
