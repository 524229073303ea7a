/** The arithmetic of kernels on the runtime: inner products of gradients that lie in rows, or that are still products. */
import { constant, greater, input, matmul, mergeAxes, mul, select, sum } from "../graph/ops.ts";
import type { Value } from "../graph/value.ts";
import type { Program, Runtime, Tensors } from "../runtime/runtime.ts";
import { tensor } from "../tensor/tensor.ts";

/** Which sides of a kernel see only the signs of gradients. */
export interface Signs {
  readonly rows: boolean;
  readonly columns: boolean;
}

/** Gradients of several inputs and outputs, one after the other: [count, size]. */
export interface Rows {
  readonly count: number;
  readonly data: Float32Array;
}

/** Gradients that are products aᵀb over tokens: a [count, tokens, out] and b [count, tokens, in]. */
export interface Products {
  readonly count: number;
  readonly tokens: number;
  readonly left: Float32Array;
  readonly right: Float32Array;
}

/** Products before their outputs are counted apart: of each input, a [outputs, tokens, out] and b [shared or outputs, tokens, in]. */
export interface SharedProducts extends Products {
  readonly inputs: number;
}

/** Everything the arithmetic takes and gives is row-major. */
export interface Arithmetic {
  readonly signs: Signs;
  /** How many bytes of intermediate results are let be. */
  readonly workBytes: number;
  /** ⟨gᵢ, hⱼ⟩ [rows, columns] of gradients g [rows, size] and h [columns, size]. */
  inner(rows: Rows, columns: Rows, size: number): Promise<Float32Array>;
  /** The same of products, multiplied first: the cheaper way where there are many tokens. */
  innerOfProducts(rows: Products, columns: Products, out: number, inner: number): Promise<Float32Array>;
  /** The same by ⟨aᵀb, cᵀd⟩ = Σ (a·cᵀ) ∘ (b·dᵀ), which never multiplies them: the cheaper way where there are few tokens. */
  innerOfGrams(rows: SharedProducts, columns: SharedProducts, sizes: GramSizes): Promise<Float32Array>;
  dispose(): Promise<void>;
}

export interface GramSizes {
  readonly outputs: number;
  readonly out: number;
  readonly inner: number;
  /** How many right factors an input has: one for all outputs, or one for each. */
  readonly rightOutputs: number;
}

/**
 * The arithmetic on `runtime`. Its programs are compiled as they are asked for, and one is kept at a time: each would hold on to the
 * memory it has once had.
 */
export function arithmetic(runtime: Runtime, signs: Signs, workBytes: number): Arithmetic {
  let kept: { readonly key: string; readonly program: Program } | null = null;
  const run = async (key: string, graph: () => Value, feeds: Tensors): Promise<Float32Array> => {
    if (kept?.key !== key) {
      await kept?.program.dispose();
      kept = { key, program: await runtime.compile({ kernel: graph() }) };
    }
    const { kernel } = await kept.program.run(feeds);
    return kernel!.data as Float32Array;
  };
  const f32 = (shape: readonly number[], data: Float32Array) => tensor("float32", shape, data);
  return {
    signs,
    workBytes,
    inner: (rows, columns, size) =>
      run("rows", () => innerGraph(signs), {
        rows: f32([rows.count, size], rows.data),
        columns: f32([columns.count, size], columns.data),
      }),
    innerOfProducts: (rows, columns, out, inner) =>
      run(`products ${out} ${inner} ${rows === columns}`, () => productsGraph(out, inner, signs, rows === columns), {
        "rows.left": f32([rows.count, rows.tokens, out], rows.left),
        "rows.right": f32([rows.count, rows.tokens, inner], rows.right),
        "columns.left": f32([columns.count, columns.tokens, out], columns.left),
        "columns.right": f32([columns.count, columns.tokens, inner], columns.right),
      }),
    innerOfGrams: (rows, columns, { outputs, out, inner, rightOutputs }) =>
      run(`grams ${outputs} ${rightOutputs}`, () => gramsGraph(outputs, rightOutputs), {
        "rows.left": f32([rows.inputs, outputs, 1, 1, rows.tokens, out], rows.left),
        "rows.right": f32([rows.inputs, rightOutputs, 1, 1, rows.tokens, inner], rows.right),
        "columns.left": f32([1, 1, columns.inputs, outputs, columns.tokens, out], columns.left),
        "columns.right": f32([1, 1, columns.inputs, rightOutputs, columns.tokens, inner], columns.right),
      }),
    async dispose() {
      await kept?.program.dispose();
      kept = null;
    },
  };
}

const signIf = (signs: boolean, x: Value): Value =>
  signs ? select(greater(x, 0), 1, select(greater(constant(0), x), -1, 0)) : x;

function innerGraph(signs: Signs): Value {
  const [rows, columns] = [input("rows", ["rows", "size"]), input("columns", ["columns", "size"])];
  return matmul(signIf(signs.rows, rows), signIf(signs.columns, columns), { transposeB: true });
}

/** @param isOne whether rows and columns are the same, whose products are then made once */
function productsGraph(out: number, inner: number, signs: Signs, isOne: boolean): Value {
  const product = (side: "rows" | "columns") => {
    const left = input(`${side}.left`, [side, `${side}_tokens`, out]);
    const right = input(`${side}.right`, [side, `${side}_tokens`, inner]);
    return mergeAxes(matmul(left, right, { transposeA: true }), 1);
  };
  const rows = product("rows");
  const columns = isOne ? rows : product("columns");
  return matmul(signIf(signs.rows, rows), signIf(signs.columns, columns), { transposeB: true });
}

function gramsGraph(outputs: number, rightOutputs: number): Value {
  const gram = (factor: "left" | "right", count: number) =>
    matmul(
      input(`rows.${factor}`, ["rows", count, 1, 1, "rows_tokens", factor]),
      input(`columns.${factor}`, [1, 1, "columns", count, "columns_tokens", factor]),
      { transposeB: true },
    );
  return sum(mul(gram("left", outputs), gram("right", rightOutputs)), [4, 5]);
}
