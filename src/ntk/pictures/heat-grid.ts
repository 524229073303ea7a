/** The inputs of a kernel as the rows and columns of a heat map: class by class, in whole pixels. */

/** Of more inputs, neighbours are drawn as one by their mean: a cell would be less than a pixel. */
const MOST_CELLS = 128;

/** Inputs that are drawn as one cell, all of one class. */
interface Cell {
  readonly inputs: readonly number[];
  readonly class: number;
}

/** The rows of one class, which are also its columns. */
export interface Block {
  readonly class: number;
  /** In pixels. */
  readonly start: number;
  readonly end: number;
}

export interface HeatGrid {
  readonly inputs: number;
  readonly cells: readonly Cell[];
  /** Where each cell starts, in pixels from the top and from the left. */
  readonly places: readonly number[];
  /** The side of a cell in pixels. */
  readonly size: number;
  /** The side of the whole. */
  readonly side: number;
  readonly blocks: readonly Block[];
}

/**
 * @param labels the class of each input
 * @param width about how many pixels are wished for
 */
export function heatGrid(labels: readonly number[], width: number): HeatGrid {
  const cells = cellsByClass(labels);
  const classes = [...new Set(cells.map((cell) => cell.class))];
  const size = Math.max(1, Math.round(width / Math.max(1, cells.length)));
  const gap = classes.length > 12 ? 1 : 2;
  const places = cells.map((cell, k) => k * size + gap * classes.indexOf(cell.class));
  const blocks = classes.map((label): Block => {
    const own = places.filter((_, k) => cells[k]!.class === label);
    return { class: label, start: own[0]!, end: own.at(-1)! + size };
  });
  return { inputs: labels.length, cells, places, size, side: blocks.at(-1)?.end ?? 0, blocks };
}

/** Inputs in the order of their classes, then their own. */
function cellsByClass(labels: readonly number[]): Cell[] {
  const order = [...labels.keys()].sort((a, b) => labels[a]! - labels[b]! || a - b);
  const most = Math.ceil(labels.length / MOST_CELLS);
  const cells: { inputs: number[]; class: number }[] = [];
  for (const input of order) {
    const [last, label] = [cells.at(-1), labels[input]!];
    if (last !== undefined && last.class === label && last.inputs.length < most) last.inputs.push(input);
    else cells.push({ inputs: [input], class: label });
  }
  return cells;
}

/**
 * A kernel's means over cells, [cells, cells], divided by the mean of its diagonal.
 * @param values [inputs, inputs], one row after the other
 */
export function cellValues(values: ArrayLike<number>, { inputs: n, cells }: HeatGrid): Float64Array {
  if (values.length !== n * n) throw new Error(`heat map: ${values.length} values for ${n} inputs, expected ${n * n}`);
  let diagonal = 0;
  for (let i = 0; i < n; i++) diagonal += values[i * n + i]! / n;
  const means = new Float64Array(cells.length ** 2);
  cells.forEach((row, p) =>
    cells.forEach((column, q) => {
      let sum = 0;
      for (const i of row.inputs) for (const j of column.inputs) sum += values[i * n + j]!;
      means[p * cells.length + q] = sum / (row.inputs.length * column.inputs.length * (diagonal || 1));
    }),
  );
  return means;
}
