/** Long short-term memory (Hochreiter & Schmidhuber 1997) as PyTorch has it, unrolled over the tokens of a sequence. */
import { add, concat, constant, linear, mul, sigmoid, slice, take, tanh } from "../graph/ops.ts";
import type { Value } from "../graph/value.ts";

/** Weights of one direction of a layer; the rows of each belong to the input gate, the forget gate, the cell and the output gate. */
export interface LstmWeights {
  /** [4·hidden, in] and [4·hidden]. */
  readonly inputWeight: Value;
  readonly inputBias: Value;
  /** [4·hidden, hidden] and [4·hidden]. */
  readonly hiddenWeight: Value;
  readonly hiddenBias: Value;
}

/**
 * x [tokens, in], of a number of tokens that is known → hidden states [tokens, hidden].
 * @param backwards whether the last token is read first
 */
export function lstm(x: Value, weights: LstmWeights, { backwards = false }: { backwards?: boolean } = {}): Value {
  const size = Number(weights.hiddenWeight.shape[1]);
  const read = linear(x, weights.inputWeight, weights.inputBias);
  let hidden: Value = constant(0, "float32", [1, size]);
  let cell = hidden;
  const step = (token: number): Value => {
    const gates = add(take(read, 0, [token]), linear(hidden, weights.hiddenWeight, weights.hiddenBias));
    const [write, keep, content, show] = [0, 1, 2, 3].map((i) => slice(gates, 1, i * size, (i + 1) * size));
    cell = add(mul(sigmoid(keep!), cell), mul(sigmoid(write!), tanh(content!)));
    hidden = mul(sigmoid(show!), tanh(cell));
    return hidden;
  };
  const tokens = Array.from({ length: Number(x.shape[0]) }, (_, token) => token);
  const states = (backwards ? tokens.toReversed() : tokens).map(step);
  return (backwards ? states.toReversed() : states).reduce((a, b) => concat(a, b, 0));
}
