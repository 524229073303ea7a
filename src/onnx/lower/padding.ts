/**
 * Lowerings of the primitives that leave padding out and put it back: rows are gathered, or written into zeros, each once, so that
 * threads may share the work. Heads are rows of their own, and need no transposition besides.
 */
import type { Dim, Padding } from "../../graph/primitive.ts";
import type { Value } from "../../graph/value.ts";
import type { Emitter } from "../emitter.ts";
import type { Lowerings } from "./rules.ts";

export const padding: Lowerings<Padding> = {
  unpad: ({ operands: [x, mask], attrs: { tokens } }, emit) => {
    const places = placesOf(emit, mask);
    emit.measured(tokens, places, 1);
    return emit.node("Gather", [rows(emit, x, x.shape.slice(2)), places]);
  },
  pad: (y, emit) => written(emit, y, placesOf(emit, y.operands[1]), y.shape.slice(2)),
  unpadHeads: ({ operands: [x, mask], shape, attrs: { tokens } }, emit) => {
    const [, heads, , d] = x.shape as readonly number[];
    emit.measured(tokens, placesOf(emit, mask), 1);
    const found = emit.node("Gather", [rows(emit, x, [d!]), headPlacesOf(emit, mask, heads!)]);
    return emit.node("Reshape", [found, emit.constant("int64", [1, -1, Number(shape[2])], [3])]);
  },
  padHeads: (y, emit) => written(emit, y, headPlacesOf(emit, y.operands[1], y.attrs.heads), y.shape.slice(3)),
};

/** The numbers of x as rows of the shape `row`. */
const rows = (emit: Emitter, x: Value, row: readonly Dim[]): string =>
  emit.node("Reshape", [emit.name(x), emit.sizes([-1, ...row])]);

/** Zeros shaped as y, of whose rows of the shape `row` those at `places` are the rows of its first operand, in their order. */
function written(
  emit: Emitter,
  { operands: [x], type, shape }: Value<"pad" | "padHeads">,
  places: string,
  row: readonly Dim[],
): string {
  const zeros = emit.node("Expand", [emit.constant(type, [0]), emit.sizes(shape)]);
  const at = emit.node("Reshape", [places, emit.constant("int64", [-1, 1], [2])]);
  const all = emit.node("ScatterND", [emit.node("Reshape", [zeros, emit.sizes([-1, ...row])]), at, rows(emit, x, row)]);
  return emit.node("Reshape", [all, emit.sizes(shape)]);
}

/** Where the mask is not zero, its numbers counted row by row, [1, tokens]; made once. */
function placesOf(emit: Emitter, mask: Value): string {
  return emit.once(`places ${emit.name(mask)}`, () => emit.node("NonZero", [rows(emit, mask, [])]));
}

/** Where the heads of tokens lie in [batch, heads, sequence], counted through it, [1, tokens, heads]; made once. */
function headPlacesOf(emit: Emitter, mask: Value, heads: number): string {
  return emit.once(`places ${emit.name(mask)} ${heads}`, () => {
    const places = placesOf(emit, mask);
    const sequence = emit.sizes([mask.shape[1]!]);
    const row = emit.node("Div", [places, sequence]);
    const before = emit.node("Mul", [row, emit.node("Mul", [sequence, emit.constant("int64", [heads - 1])])]);
    const first = emit.node("Unsqueeze", [emit.node("Add", [places, before]), emit.constant("int64", [2], [1])]);
    const ofHeads = emit.node("Mul", [emit.constant("int64", [...Array(heads).keys()], [heads]), sequence]);
    return emit.node("Add", [first, ofHeads]);
  });
}
