/**
 * How much of ONNX Runtime's arena is ever touched (its bfc_arena.cc: best fit with coalescing). Memory is asked for in regions, each twice as
 * large as the one before and none given back; what does not fit the room that is free between values takes more than they do.
 */

/** All room is taken in multiples of this many bytes. */
const UNIT = 256;
const FIRST_REGION = 2 ** 20;
const LARGEST_STEP = 2 ** 30;
/** Room of more than twice what is asked for is divided, or of more than this beyond it. */
const WASTE = 2 ** 27;

/** A run of bytes in a region. */
export interface Block {
  readonly region: Region;
  readonly start: number;
  size: number;
  isFree: boolean;
}
interface Region {
  /** In the order of their bytes, without gaps. */
  readonly blocks: Block[];
  /** How many of its bytes have been in use, those before them included. */
  touched: number;
}

export interface Arena {
  take(bytes: number): Block;
  give(block: Block): void;
  /** Bytes that have been in use. */
  touched(): number;
}

export function createArena(): Arena {
  const regions: Region[] = [];
  let step = FIRST_REGION;
  const extend = (size: number): Block => {
    const before = step;
    while (step < size) step *= 2;
    const region: Region = { blocks: [], touched: 0 };
    const block = { region, start: 0, size: step, isFree: true };
    region.blocks.push(block);
    regions.push(region);
    if (step === before) step = Math.min(2 * step, LARGEST_STEP);
    return block;
  };
  return {
    take(bytes) {
      const size = Math.max(1, Math.ceil(bytes / UNIT)) * UNIT;
      const block = bestOf(regions, size) ?? extend(size);
      if (block.size >= 2 * size || block.size - size >= WASTE) divide(block, size);
      block.isFree = false;
      block.region.touched = Math.max(block.region.touched, block.start + bytes);
      return block;
    },
    give(block) {
      block.isFree = true;
      const { blocks } = block.region;
      const at = blocks.indexOf(block);
      join(blocks, at);
      if (at > 0) join(blocks, at - 1);
    },
    touched: () => regions.reduce((sum, region) => sum + region.touched, 0),
  };
}

/** The smallest free block that is large enough, the first of equals. */
function bestOf(regions: readonly Region[], size: number): Block | null {
  let best: Block | null = null;
  for (const { blocks } of regions)
    for (const block of blocks)
      if (block.isFree && block.size >= size && (best === null || block.size < best.size)) best = block;
  return best;
}

function divide(block: Block, size: number): void {
  const { region, start } = block;
  const rest = { region, start: start + size, size: block.size - size, isFree: true };
  region.blocks.splice(region.blocks.indexOf(block) + 1, 0, rest);
  block.size = size;
}

/** Makes one of two free blocks in a row. */
function join(blocks: Block[], at: number): void {
  const [block, next] = [blocks[at]!, blocks[at + 1]];
  if (!next?.isFree || !block.isFree) return;
  block.size += next.size;
  blocks.splice(at + 1, 1);
}
