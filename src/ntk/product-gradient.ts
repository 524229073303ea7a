/**
 * The gradient of a matrix as the product it is, dYᵀX over the tokens of an input: two small matrices instead of a large one. Inner
 * products of such gradients come from the Gram matrices of their factors, ⟨aᵀb, cᵀd⟩ = Σ (a·cᵀ) ∘ (b·dᵀ), or from the products,
 * some of their rows at a time, whichever is less arithmetic.
 */
import { isOp, type Value } from "../graph/value.ts";
import type { Tensors } from "../runtime/runtime.ts";
import { sizeOf } from "../tensor/shape.ts";
import type { Arithmetic, SharedProducts } from "./contraction.ts";
import { addTo, type Give, type GradientForm, type InputGradients, summands } from "./gradient-form.ts";

/** aᵀb of a [*i, out] and b [*i, in], by the names of what a run gives; a gradient may be a sum of several. */
interface Term {
  readonly left: string;
  readonly right: string;
}

interface ProductGradient {
  readonly out: number;
  readonly inner: number;
  /** The terms of each output's gradient. */
  readonly ofOutputs: readonly (readonly Term[])[];
  /** Whether the right factors are the same for every output, as they are where they are activations. */
  readonly isRightShared: boolean;
}

/** Whether each output's gradient is a product or a sum of products. */
export const isProduct = (gradients: readonly (Value | null)[]): boolean =>
  gradients.every((gradient) => summands(gradient).every((term) => isOp(term, "contract")));

/** @param gradients of one trained tensor, of each output; {@link isProduct} */
export function productGradient(gradients: readonly (Value | null)[], give: Give): GradientForm {
  const ofOutputs = gradients.map((gradient) =>
    summands(gradient).map(({ operands }) => {
      const [left, right] = operands as readonly [Value, Value];
      return { left: give(left), right: give(right) };
    }),
  );
  const [out, inner] = gradients.find((gradient) => gradient !== null)!.shape as readonly [number, number];
  const rights = ofOutputs.map((terms) => terms.map(({ right }) => right).join());
  const product = { out, inner, ofOutputs, isRightShared: rights.every((each) => each === rights[0]) };
  const names = new Set(ofOutputs.flat().flatMap(({ left, right }) => [left, right]));
  return {
    keep: (results) => Object.fromEntries([...names].map((name) => [name, results[name]!])),
    contract: (rows, columns, arithmetic) => contracted(product, rows, columns, arithmetic),
  };
}

/** The inputs of a block, and the most tokens that one of them has over all terms of an output. */
interface Side {
  readonly inputs: readonly InputGradients[];
  readonly tokens: number;
}

function contracted(
  product: ProductGradient,
  rowInputs: readonly InputGradients[],
  columnInputs: readonly InputGradients[],
  arithmetic: Arithmetic,
): Promise<Float64Array> {
  const { signs } = arithmetic;
  const rows = sideOf(product, rowInputs);
  // A block that meets itself is one side, which is stacked and multiplied once.
  const columns = columnInputs === rowInputs ? rows : sideOf(product, columnInputs);
  const byGrams = !signs.rows && !signs.columns && isCheaperByGrams(product, rows, columns);
  return (byGrams ? throughGrams : throughProducts)(product, rows, columns, arithmetic);
}

/** Counts multiplications of both ways. */
function isCheaperByGrams(
  { out, inner, ofOutputs, isRightShared }: ProductGradient,
  rows: Side,
  columns: Side,
): boolean {
  const outputs = ofOutputs.length;
  const pairs = rows.inputs.length * columns.inputs.length * outputs ** 2;
  const grams = pairs * rows.tokens * columns.tokens * (out + (isRightShared ? inner / outputs ** 2 : inner));
  const sides = rows === columns ? [rows] : [rows, columns];
  const tokens = sides.reduce((sum, side) => sum + side.inputs.length * side.tokens, 0);
  return grams < out * inner * (pairs + outputs * tokens);
}

function sideOf({ ofOutputs }: ProductGradient, inputs: readonly InputGradients[]): Side {
  const ofInput = (input: InputGradients) =>
    Math.max(...ofOutputs.map((terms) => terms.reduce((sum, { left }) => sum + tokensIn(input[left]!.shape), 0)));
  return { inputs, tokens: Math.max(...inputs.map(ofInput)) };
}

const tokensIn = (shape: readonly number[]): number => sizeOf(shape.slice(0, -1));

async function throughGrams(
  product: ProductGradient,
  { inputs, tokens }: Side,
  columns: Side,
  arithmetic: Arithmetic,
): Promise<Float64Array> {
  const { out, inner, ofOutputs, isRightShared } = product;
  const outputs = ofOutputs.length;
  const sizes = { outputs, out, inner, rightOutputs: isRightShared ? 1 : outputs };
  const width = columns.inputs.length * outputs;
  const kernel = new Float64Array(inputs.length * outputs * width);
  // The Gram matrices of both factors, and their product.
  const bytesOfRow = 3 * outputs * width * tokens * columns.tokens * Float32Array.BYTES_PER_ELEMENT;
  const step = Math.max(1, Math.floor(arithmetic.workBytes / bytesOfRow));
  const right = stackedFactors(product, columns);
  for (let first = 0; first < inputs.length; first += step) {
    const left = stackedFactors(product, { inputs: inputs.slice(first, first + step), tokens });
    addTo(kernel, await arithmetic.innerOfGrams(left, right, sizes), first * outputs * width);
  }
  return kernel;
}

function stackedFactors(product: ProductGradient, { inputs, tokens }: Side): SharedProducts {
  const { out, inner, isRightShared } = product;
  return {
    inputs: inputs.length,
    count: inputs.length * product.ofOutputs.length,
    tokens,
    left: stacked(product, inputs, "left", tokens, out, 0, out),
    right: stacked(product, inputs, "right", tokens, inner, 0, inner, isRightShared),
  };
}

async function throughProducts(
  product: ProductGradient,
  rows: Side,
  columns: Side,
  arithmetic: Arithmetic,
): Promise<Float64Array> {
  const { out, inner, ofOutputs } = product;
  const outputs = ofOutputs.length;
  const [height, width] = [rows.inputs.length * outputs, columns.inputs.length * outputs];
  const kernel = new Float64Array(height * width);
  const bytesOfRow = (height + width) * inner * Float32Array.BYTES_PER_ELEMENT;
  const step = Math.min(out, Math.max(1, Math.floor(arithmetic.workBytes / bytesOfRow)));
  const sides = (columns === rows ? [rows] : [rows, columns]).map(({ inputs, tokens }) => ({
    inputs,
    tokens,
    right: stacked(product, inputs, "right", tokens, inner, 0, inner),
  }));
  for (let first = 0; first < out; first += step) {
    const last = Math.min(out, first + step);
    const [ofRows, ofColumns = ofRows] = sides.map(({ inputs, tokens, right }) => ({
      count: inputs.length * outputs,
      tokens,
      left: stacked(product, inputs, "left", tokens, out, first, last),
      right,
    }));
    addTo(kernel, await arithmetic.innerOfProducts(ofRows!, ofColumns!, last - first, inner));
  }
  return kernel;
}

/**
 * One factor of every input and output, [inputs, outputs, tokens, last − first], zeros after an input's own tokens: the columns `first` …
 * `last` − 1 of its `width`.
 * @param once whether an input's outputs have it in common
 */
function stacked(
  { ofOutputs }: ProductGradient,
  inputs: readonly Tensors[],
  factor: keyof Term,
  tokens: number,
  width: number,
  first: number,
  last: number,
  once = false,
): Float32Array {
  const outputs = once ? ofOutputs.slice(0, 1) : ofOutputs;
  const size = last - first;
  const data = new Float32Array(inputs.length * outputs.length * tokens * size);
  inputs.forEach((input, i) =>
    outputs.forEach((terms, a) => {
      let at = (i * outputs.length + a) * tokens * size;
      for (const term of terms) {
        const { data: source } = input[term[factor]]! as { data: Float32Array };
        for (let offset = first; offset < source.length; offset += width, at += size)
          data.set(source.subarray(offset, offset + size), at);
      }
    }),
  );
  return data;
}
