import { expect, test } from "vitest";
import { alphabet, byteCharacters, countWords, learnMerges } from "../../scripts/pretrain/bpe.ts";

const letters = [..."abcdefghijklmnopqrstuvwxyz"];
const words = (text: string): Map<string, number> =>
  new Map(text.split(" ").map((item) => [item.replace(/\d+/, ""), Number(/\d+/.exec(item)![0])]));

// e-s and s-t stand 9 times, and e comes before s; then es-t 9; l-o and o-w 7, and l comes first; then lo-w 7; of the
// pairs that stand 6 times (n-e, e-w, w-est) e-w; then n-ew before ew-est, for ew is new; then new-est.
test("the worked example of the paper: low 5, lower 2, newest 6, widest 3", () => {
  expect(learnMerges(words("low5 lower2 newest6 widest3"), letters, 7)).toEqual([
    ["e", "s"],
    ["es", "t"],
    ["l", "o"],
    ["lo", "w"],
    ["e", "w"],
    ["n", "ew"],
    ["new", "est"],
  ]);
});

test("among equal pairs the older symbols come first, not the first seen", () => {
  expect(learnMerges(words("dc1 ab1 ac1"), letters, 3)).toEqual([
    ["a", "b"],
    ["a", "c"],
    ["d", "c"],
  ]);
});

// aaaa has three pairs a-a, and two merges make it one symbol.
test("a run of one symbol is joined from the left", () => {
  expect(learnMerges(words("aaaa1 aaa1"), letters, 3)).toEqual([
    ["a", "a"],
    ["aa", "a"],
    ["aa", "aa"],
  ]);
});

test("counts stay exact: the merges are those of a trainer that counts anew each time", () => {
  const corpus = words("banana7 bandana5 ananas4 cabana3 nana3 sandbank2 aaaa2 bananas1 anna6 savanna3");
  expect(learnMerges(corpus, letters, 20)).toEqual(countingAnew(corpus, 20));
});

function countingAnew(corpus: ReadonlyMap<string, number>, size: number): string[][] {
  const order = [...letters];
  const spelled = Array.from(corpus, ([word, count]) => ({ symbols: [...word], count }));
  return Array.from({ length: size }, () => {
    const counts = new Map<string, number>();
    for (const { symbols, count } of spelled) {
      for (let i = 1; i < symbols.length; i++) {
        const key = `${symbols[i - 1]} ${symbols[i]}`;
        counts.set(key, (counts.get(key) ?? 0) + count);
      }
    }
    const rank = (pair: string): number[] => pair.split(" ").map((symbol) => order.indexOf(symbol));
    const [best] = [...counts].sort(([a, m], [b, n]) => {
      const [first, second] = [rank(a), rank(b)];
      return n - m || first[0]! - second[0]! || first[1]! - second[1]!;
    })[0]!;
    const [left, right] = best.split(" ") as [string, string];
    for (const word of spelled) {
      const text = ` ${word.symbols.join("  ")} `.replaceAll(` ${left}  ${right} `, ` ${left}${right} `);
      word.symbols = text.trim().split(/ +/);
    }
    order.push(left + right);
    return [left, right];
  });
}

test("words keep the space before them and are spelled in characters that stand for bytes", () => {
  expect([...countWords(["it's  a café, it's\n"])]).toEqual([
    ["it", 1],
    ["'s", 2],
    ["Ġ", 1],
    ["Ġa", 1],
    ["ĠcafÃ©", 1],
    [",", 1],
    ["Ġit", 1],
    ["Ċ", 1],
  ]);
});

test("256 characters stand for the bytes, each once, the visible ones for themselves", () => {
  expect(new Set(byteCharacters).size).toBe(256);
  expect(byteCharacters[0x41]).toBe("A");
  expect(alphabet.slice(0, 3).join("")).toBe('!"#');
});

test("no more merges than the words have", () => {
  expect(() => learnMerges(words("abc1"), letters, 3)).toThrow("merges: the words have only 2, expected 3");
  expect(() => learnMerges(words("a-b1"), letters, 1)).toThrow('merges: "-" of a word is not in the alphabet');
});
