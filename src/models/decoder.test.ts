import { describe, expect, test } from "vitest";
import { add } from "../graph/ops.ts";
import { array64 } from "../interpret/array.ts";
import { interpret } from "../interpret/interpret.ts";
import { scopeOf } from "../nn/parameters.ts";
import { modelInputs } from "../train/forward.ts";
import { tokenPositions } from "./decoder.ts";

const masks = { right: [1, 1, 1, 0, 0], left: [0, 0, 1, 1, 1], none: [1, 1, 1, 1, 1], all: [0, 0, 0, 0, 0] };
const rows = Object.values(masks);
const feeds = { attention_mask: array64([4, 5], rows.flat()) };

describe("the positions of tokens", () => {
  const read = (value: ReturnType<typeof tokenPositions>, given: object = {}) => {
    const [positions] = interpret([value], { ...feeds, ...given });
    // Whole numbers have no sign at 0; those of the interpreter do.
    return rows.map((_, row) => [...positions!.data.slice(5 * row, 5 * row + 5)].map((x) => x + 0));
  };

  test("are counted by the mask, whatever the side of the padding, which stands at 0", () => {
    expect(read(tokenPositions(scopeOf(new Map()), modelInputs()))).toEqual([
      [0, 1, 2, 0, 0],
      [0, 0, 0, 1, 2],
      [0, 1, 2, 3, 4],
      [0, 0, 0, 0, 0],
    ]);
  });

  test("are those of the batch where it brings them, and pass their place", () => {
    const scope = scopeOf(new Map(), { positions: (positions) => add(positions, 20) });
    const given = { position_ids: array64([4, 5], [...Array(20).keys()]) };
    expect(read(tokenPositions(scope, modelInputs(["position_ids"])), given).flat()).toEqual(
      Array.from({ length: 20 }, (_, i) => i + 20),
    );
  });
});
