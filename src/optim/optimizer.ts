/** What an optimizer is: a state, and an update of parameters in place. */

/** One trained tensor, seen flat. */
export interface Parameter {
  readonly name: string;
  /** Written in place. */
  readonly data: Float32Array;
  /** Whether weight decay applies; transformers' Trainer spares biases and norms. */
  readonly decay: boolean;
  /** Its own learning rate, from that of the step; the same unless given. */
  learningRate?(ofStep: number): number;
}

export interface Optimizer<State> {
  /** The state before the first step. */
  init(parameters: readonly Parameter[]): State;
  /**
   * One step: moves every parameter against its gradient, in place, and the state along.
   * @param gradients one a parameter, of its size
   * @param learningRate the step's learning rate
   */
  update(
    parameters: readonly Parameter[],
    gradients: readonly Float32Array[],
    state: State,
    learningRate: number,
  ): void;
}
