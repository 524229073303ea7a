import { test } from "vitest";
import { sentencesOf } from "./sentences.ts";

test.for<[string, string[]]>([
  ["", []],
  [" \n ", []],
  ["No stop", ["No stop"]],
  ["The cat sat .  The dog barked. ", ["The cat sat .", "The dog barked."]],
  ["A line\nand another\r\n\r\nand a third.", ["A line", "and another", "and a third."]],
  ["a b\nc\u2028d", ["a b", "c", "d"]],
  ['"Why?" she said. It cost £3.50!', ['"Why?"', "she said.", "It cost £3.50!"]],
  ["At 3 p.m. it rained.", ["At 3 p.m. it rained."]],
  ["I met Mr. Smith.", ["I met Mr.", "Smith."]],
  ["The end. and more", ["The end. and more"]],
])("%j is %j", ([text, sentences], { expect }) => {
  expect(sentencesOf(text)).toEqual(sentences);
});
