import { expect, test } from "vitest";
import { createArena } from "./arena.ts";

const MIB = 2 ** 20;

test("room that is given back is taken again", () => {
  const arena = createArena();
  for (let i = 0; i < 5; i++) arena.give(arena.take(1000));
  expect(arena.touched()).toBe(1000);
});

test("neighbours that are free become one", () => {
  const arena = createArena();
  const blocks = [0, 1, 2].map(() => arena.take(MIB / 4));
  for (const block of [blocks[0]!, blocks[2]!, blocks[1]!]) arena.give(block);
  arena.take(MIB);
  expect(arena.touched()).toBe(MIB);
});

test("the smallest room that is large enough is taken", () => {
  const arena = createArena();
  const blocks = [4, 1, 2, 1].map((count) => arena.take(count * 1024));
  arena.give(blocks[0]!);
  arena.give(blocks[2]!);
  expect(arena.take(2 * 1024).start).toBe(5 * 1024);
});

test("what does not fit goes into a region of its own, the rest of the others stays", () => {
  const arena = createArena();
  const [small, large] = [arena.take(MIB / 4), arena.take(3 * MIB)];
  expect(large.region).not.toBe(small.region);
  expect(arena.take(MIB / 8).region).toBe(small.region);
  expect(arena.touched()).toBe(3.375 * MIB);
});

test("room of less than twice what is asked for is not divided", () => {
  const arena = createArena();
  const [kept, next] = [arena.take(1536), arena.take(256)];
  arena.give(kept);
  arena.take(1024);
  expect(arena.take(512).start).toBe(next.start + 256);
});
