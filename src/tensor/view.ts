/** A part of a weight's own memory that is trained: rows, columns, single entries, or the whole. */
import { axisFromFront, sizeOf, stridesOf } from "./shape.ts";
import type { Tensor } from "./tensor.ts";

/** Slices at distinct `indices` along `axis`. */
export interface Slices {
  readonly axis: number;
  readonly indices: readonly number[];
  /** Of a matrix: the slices of the other axis to which these are cut; they are whole unless given. */
  readonly within?: readonly number[];
}

/** Single elements, numbered row by row, distinct. */
export interface Entries {
  readonly entries: Int32Array;
}

export type Selection = Slices | Entries;

export function isEntries(selection: Selection | null): selection is Entries {
  return selection !== null && "entries" in selection;
}

/** The shape of the part of a tensor of `shape` that `selection` names. */
export function selectedShape(shape: readonly number[], selection: Selection | null): readonly number[] {
  if (selection === null) return shape;
  if (isEntries(selection)) return [selection.entries.length];
  const axis = axisFromFront(selection.axis, shape.length);
  const { indices, within } = selection;
  return shape.map((size, i) => (i === axis ? indices.length : (within?.length ?? size)));
}

export interface View {
  readonly shape: readonly number[];
  /** The part's numbers in row-major order: the weight's own memory where they lie in a run, else a copy. */
  readonly data: Float32Array;
  /** Writes `data` through to the weight; nothing to do where it is the weight's own memory. */
  commit(): void;
}

/** The part of `base` that `selection` names; all of it when null. */
export function viewOf(base: Tensor<"float32">, selection: Selection | null): View {
  if (selection === null) return { shape: base.shape, data: base.data, commit: () => {} };
  if (isEntries(selection)) return viewOfEntries(base, selection);
  if (!selection.within) return viewOfSlices(base, selection);
  const shape = selectedShape(base.shape, selection);
  return { ...viewOfEntries(base, { entries: entriesOfBlock(base.shape, selection) }), shape };
}

/** The elements of a matrix where slices of both axes cross, in row-major order of the part. */
export function entriesOfBlock([, width]: readonly number[], { axis, indices, within = [] }: Slices): Int32Array {
  const [rows, columns] = axisFromFront(axis, 2) === 0 ? [indices, within] : [within, indices];
  return Int32Array.from(rows.flatMap((row) => columns.map((column) => row * width! + column)));
}

function viewOfEntries({ data: weight }: Tensor<"float32">, { entries }: Entries): View {
  const data = Float32Array.from(entries, (entry) => weight[entry]!);
  const commit = () => {
    for (let i = 0; i < entries.length; i++) weight[entries[i]!] = data[i]!;
  };
  return { shape: [entries.length], data, commit };
}

/** A view of single entries that may move to others. */
export interface MovableView extends View {
  /** The entries as they stand. */
  readonly entries: Int32Array;
  /** The numbers that the weight had there when the view was made. */
  readonly base: Float32Array;
  /**
   * Puts other entries in the places of these. One that leaves its place goes back to its base number, one that comes begins
   * with that; one that keeps its place keeps its number.
   */
  moveTo(entries: Int32Array): void;
}

/** A view of the entries at `first`, to begin with, of a weight whose numbers are all base numbers still. */
export function movableViewOf(weight: Tensor<"float32">, first: Int32Array): MovableView {
  const entries = first.slice();
  const view = viewOfEntries(weight, { entries });
  const base = view.data.slice();
  return {
    ...view,
    entries,
    base,
    moveTo(others) {
      const moved = [...entries.keys()].filter((i) => entries[i] !== others[i]);
      // All that leave are back before one that comes is read: it may be one that leaves another place.
      for (const i of moved) weight.data[entries[i]!] = base[i]!;
      for (const i of moved) {
        entries[i] = others[i]!;
        base[i] = view.data[i] = weight.data[others[i]!]!;
      }
    },
  };
}

function viewOfSlices(base: Tensor<"float32">, selection: Slices): View {
  const axis = axisFromFront(selection.axis, base.shape.length);
  const { indices } = selection;
  const shape = selectedShape(base.shape, selection);
  const run = stridesOf(base.shape)[axis]!;
  const isContiguous = axis === 0 && indices.every((index, i) => index === indices[0]! + i);
  if (isContiguous)
    return {
      shape,
      data: base.data.subarray(indices[0]! * run, (indices[0]! + indices.length) * run),
      commit: () => {},
    };

  const data = new Float32Array(sizeOf(shape));
  const outer = sizeOf(base.shape.slice(0, axis));
  const eachRun = (visit: (inView: number, inBase: number) => void) => {
    for (let o = 0, at = 0; o < outer; o++)
      for (const index of indices) visit(run * at++, (o * base.shape[axis]! + index) * run);
  };
  eachRun((inView, inBase) => data.set(base.data.subarray(inBase, inBase + run), inView));
  const commit = () => eachRun((inView, inBase) => base.data.set(data.subarray(inView, inView + run), inBase));
  return { shape, data, commit };
}
