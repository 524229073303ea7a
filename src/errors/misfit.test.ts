import { expect, test } from "vitest";
import * as z from "zod";
import { misfit } from "./misfit.ts";

test.each([
  ["a text for a number", z.number(), "fast", 'rate: "fast", expected number'],
  ["a fraction for a whole number", z.int(), 1.5, "rate: 1.5, expected int"],
  [
    "a name that is near",
    z.enum(["linear", "cosine"]),
    "cosin",
    'rate: unknown name "cosin", expected one of linear, cosine',
  ],
])("%s", (_, schema, value, complaint) => {
  const { error } = z.object({ rate: schema }).safeParse({ rate: value });
  expect(misfit("rate", value, error!.issues[0]!).message).toBe(complaint);
});
