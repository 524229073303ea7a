/**
 * The empirical kernel between training inputs and of others with them, in blocks: the gradients of as many inputs as memory allows
 * are kept at a time, and of two blocks that meet, the kernel is made.
 */
import type { Runtime, Tensors } from "../runtime/runtime.ts";
import { arithmetic, type Arithmetic, type Signs } from "./contraction.ts";
import { addTo, type GradientForm, type InputGradients } from "./gradient-form.ts";
import { bytesOf, type Jacobian } from "./jacobian.ts";
import { type Kernel, zeroKernel } from "./kernel.ts";

/**
 * What two gradients are multiplied as: themselves (gradient descent), their signs (SignGD), or those of the other inputs and the
 * signs of the training inputs (Malladi et al. 2023, §4).
 */
export const kernelFormulas: { readonly [F in KernelFormula]: Signs } = {
  sgd: { rows: false, columns: false },
  signgd: { rows: true, columns: true },
  asymmetric_signgd: { rows: false, columns: true },
};
export type KernelFormula = "sgd" | "signgd" | "asymmetric_signgd";

/** Whether the kernel between the training inputs is symmetric. */
export const isSymmetric = (formula: KernelFormula): boolean =>
  kernelFormulas[formula].rows === kernelFormulas[formula].columns;

export interface KernelOptions {
  /** `sgd` unless given. */
  readonly formula?: KernelFormula;
  /** Bytes that gradients and intermediate results may take beside the model; 3 GiB unless given. */
  readonly memoryBytes?: number;
  /** Told after each block: pairs of inputs done, and all of them. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Aborting it rejects with its reason after the input or block under way. */
  readonly signal?: AbortSignal | undefined;
}

export interface EmpiricalKernel {
  /** [train, outputs, train, outputs]; symmetric, but for the asymmetric formula. */
  readonly train: Kernel;
  /** [test, outputs, train, outputs]. */
  readonly test: Kernel;
  /** The model's outputs, [train, outputs] and [test, outputs]. */
  readonly trainLogits: Float64Array;
  readonly testLogits: Float64Array;
}

const DEFAULT_MEMORY = 3 * 2 ** 30;

/**
 * The kernels of a Jacobian, one of each of its models: ⟨∂f_a(x_i)/∂θ, ∂f_b(x_j)/∂θ⟩ (Jacot et al. 2018), float32 gradients whose
 * products are added up in float64.
 * @param train n training inputs, each as a model takes a batch of one, without padding
 * @param test m inputs that are to be compared with them; there may be none
 * @throws the reason of `signal` when that is aborted
 */
export async function empiricalKernels(
  jacobian: Jacobian,
  runtime: Runtime,
  train: readonly Tensors[],
  test: readonly Tensors[],
  options: KernelOptions = {},
): Promise<EmpiricalKernel[]> {
  const { formula = "sgd", memoryBytes = DEFAULT_MEMORY } = options;
  const signs = kernelFormulas[formula];
  const work = arithmetic(runtime, signs, memoryBytes * WORK_SHARE);
  try {
    return await inBlocks({
      jacobian,
      work,
      train,
      test,
      memoryBytes,
      options,
      isSymmetric: isSymmetric(formula),
    });
  } finally {
    await work.dispose();
  }
}

/** Of the memory, what the gradients of training inputs may take, and what lies between two blocks; the rest is for the others. */
const COLUMNS_SHARE = 0.65;
const WORK_SHARE = 0.1;

interface Blocks {
  readonly jacobian: Jacobian;
  readonly work: Arithmetic;
  readonly train: readonly Tensors[];
  readonly test: readonly Tensors[];
  readonly memoryBytes: number;
  readonly options: KernelOptions;
  readonly isSymmetric: boolean;
}

/** Inputs in a row and their gradients; those of test follow those of training. */
interface Block {
  readonly first: number;
  readonly gradients: readonly InputGradients[];
  readonly bytes: number;
}

async function inBlocks(blocks: Blocks): Promise<EmpiricalKernel[]> {
  const { jacobian, train, test, memoryBytes, options, isSymmetric } = blocks;
  const { outputs } = jacobian;
  const inputs = [...train, ...test];
  const trainLogits = new Float64Array(train.length * outputs);
  const testLogits = new Float64Array(test.length * outputs);
  const kernels = jacobian.forms.map((): EmpiricalKernel => ({
    train: zeroKernel(train.length, train.length, outputs),
    test: zeroKernel(test.length, train.length, outputs),
    trainLogits,
    testLogits,
  }));
  const total =
    (isSymmetric ? (train.length * (train.length + 1)) / 2 : train.length ** 2) + test.length * train.length;
  let done = 0;
  const meet = async (rows: Block, columns: Block) => {
    for (const [model, kernel] of kernels.entries()) await fill(kernel, jacobian.forms[model]!, rows, columns, blocks);
    const n = rows.gradients.length;
    done += rows === columns && isSymmetric ? (n * (n + 1)) / 2 : n * columns.gradients.length;
    options.onProgress?.(done, total);
  };
  for (let at = 0; at < train.length;) {
    const columns = await nextBlock(blocks, kernels[0]!, inputs, at, train.length, memoryBytes * COLUMNS_SHARE);
    const left = memoryBytes * (1 - WORK_SHARE) - columns.bytes;
    at += columns.gradients.length;
    await meet(columns, columns);
    const others = [...(isSymmetric ? [] : [[0, columns.first]]), [at, train.length], [train.length, inputs.length]];
    for (const [from, to] of others as [number, number][]) {
      for (let row = from; row < to;) {
        const rows = await nextBlock(blocks, kernels[0]!, inputs, row, to, left);
        row += rows.gradients.length;
        await meet(rows, columns);
      }
    }
  }
  return kernels;
}

/** Differentiates at inputs from `first` on, before `end`, until no other fits in `room` bytes; at one at least. */
async function nextBlock(
  { jacobian, train, options }: Blocks,
  { trainLogits, testLogits }: EmpiricalKernel,
  inputs: readonly Tensors[],
  first: number,
  end: number,
  room: number,
): Promise<Block> {
  const gradients: InputGradients[] = [];
  let bytes = 0;
  let largest = 0;
  for (let i = first; i < end && (i === first || bytes + largest <= room); i++) {
    options.signal?.throwIfAborted();
    const { logits, gradients: ofInput } = await jacobian.of(inputs[i]!);
    const [kept, place] = i < train.length ? [trainLogits, i] : [testLogits, i - train.length];
    kept.set(logits, place * jacobian.outputs);
    gradients.push(ofInput);
    bytes += bytesOf(ofInput);
    largest = Math.max(largest, bytesOf(ofInput));
  }
  return { first, gradients, bytes };
}

/** Writes the kernel of two blocks where it belongs, and where it is mirrored. */
async function fill(
  { train: trainKernel, test: testKernel }: EmpiricalKernel,
  forms: readonly GradientForm[],
  rows: Block,
  columns: Block,
  { jacobian: { outputs }, work, train, isSymmetric, options }: Blocks,
): Promise<void> {
  const [height, width] = [rows.gradients.length * outputs, columns.gradients.length * outputs];
  const sum = new Float64Array(height * width);
  for (const form of forms) {
    options.signal?.throwIfAborted();
    addTo(sum, await form.contract(rows.gradients, columns.gradients, work));
  }
  const isTest = rows.first >= train.length;
  const { data } = isTest ? testKernel : trainKernel;
  const across = train.length * outputs;
  const [top, left] = [(rows.first - (isTest ? train.length : 0)) * outputs, columns.first * outputs];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const value = sum[y * width + x]!;
      data[(top + y) * across + left + x] = value;
      if (!isTest && isSymmetric) data[(left + x) * across + top + y] = value;
    }
  }
}
