import { expect, test } from "vitest";
import { readMapping } from "./mapping.ts";

test.each<[string, [string, string][]]>([
  [
    "0:terrible,1:great",
    [
      ["0", "terrible"],
      ["1", "great"],
    ],
  ],
  [
    '{"0": "terrible", "1": "great"}',
    [
      ["0", "terrible"],
      ["1", "great"],
    ],
  ],
  [
    "{0:'terrible',1:'great'}",
    [
      ["0", "terrible"],
      ["1", "great"],
    ],
  ],
  [
    "{'very negative':'terrible', \"yes, and no\": \"a:b\"}",
    [
      ["very negative", "terrible"],
      ["yes, and no", "a:b"],
    ],
  ],
  [" very negative : terrible ", [["very negative", "terrible"]]],
  ["Sci/Tech:tech", [["Sci/Tech", "tech"]]],
  ["a:<unk>", [["a", "<unk>"]]],
])("reads %s", (text, expected) => expect(readMapping(text)).toEqual(expected));

test.each(["", "terrible", "0:", ":great", "0:terrible,great", '["a", "b"]', "{}"])("refuses %j", (text) => {
  expect(() => readMapping(text)).toThrow(/^mapping: ".*", expected a word for each label/);
});
