/** How a table of rewrites is tried on a table of cases: where a rule must fire, and where it must say nothing. */
import { describe, expect, test } from "vitest";
import type { Rewrite } from "../src/graph/simplify.ts";
import type { Value } from "../src/graph/value.ts";
import { draw, type Draw } from "./draw.ts";
import { expectSameValueAndGradient } from "./same-value.ts";

export const SEEDS: readonly number[] = [1, 2, 3, 4, 5, 6];

export interface RewriteCases {
  readonly fires: readonly ((d: Draw) => Value)[];
  readonly kept: readonly ((d: Draw) => Value)[];
}

/** Declares the tests of `rules`, whose cases stand under their names. */
export function testRewrites(rules: readonly Rewrite[], cases: Readonly<Record<string, RewriteCases>>): void {
  describe.each(rules.map((rule) => [rule.name, rule] as const))("%s", (name, rule) => {
    const { fires, kept } = cases[name]!;

    test.each([...fires.keys()])("fires in case %i, with the same value and gradient", (i) => {
      for (const seed of SEEDS) {
        const drawn = draw(seed);
        const before = fires[i]!(drawn);
        const after = rule(before);
        expect(after, `seed ${seed}`).not.toBeNull();
        expectSameValueAndGradient(after!, before, drawn.feeds);
      }
    });

    test.each([...kept.keys()])("says nothing in case %i", (i) => {
      for (const seed of SEEDS) expect(rule(kept[i]!(draw(seed)))).toBeNull();
    });
  });
}
