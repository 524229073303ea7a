/** AdamW (Loshchilov & Hutter 2019). */
import type { Optimizer } from "./optimizer.ts";

export interface AdamWOptions {
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
  /** Each step first shrinks a decaying parameter by learning rate × weight decay. */
  readonly weightDecay?: number;
}

export interface AdamWState {
  /** Steps done. */
  step: number;
  /** Running mean of the gradient, one a parameter. */
  readonly mean: readonly Float32Array[];
  /** Running mean of its square. */
  readonly square: readonly Float32Array[];
}

/** AdamW with bias correction, as PyTorch computes it: ε is added after the corrected square root. */
export function adamw({
  beta1 = 0.9,
  beta2 = 0.999,
  epsilon = 1e-8,
  weightDecay = 0,
}: AdamWOptions = {}): Optimizer<AdamWState> {
  return {
    init(parameters) {
      const zeros = () => parameters.map(({ data }) => new Float32Array(data.length));
      return { step: 0, mean: zeros(), square: zeros() };
    },
    update(parameters, gradients, state, learningRate) {
      state.step++;
      const rate = learningRate / (1 - beta1 ** state.step);
      const correction = 1 / Math.sqrt(1 - beta2 ** state.step);
      parameters.forEach(({ data, decay }, i) => {
        const gradient = gradients[i]!;
        const mean = state.mean[i]!;
        const square = state.square[i]!;
        const kept = decay ? 1 - learningRate * weightDecay : 1;
        for (let k = 0; k < data.length; k++) {
          const g = gradient[k]!;
          const m = beta1 * mean[k]! + (1 - beta1) * g;
          const v = beta2 * square[k]! + (1 - beta2) * g * g;
          mean[k] = m;
          square[k] = v;
          data[k] = kept * data[k]! - (rate * m) / (Math.sqrt(v) * correction + epsilon);
        }
      });
    },
  };
}
