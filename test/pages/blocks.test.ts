import { expect, test } from "vitest";
import { blocksOf, commandsOf } from "./blocks.ts";

const page = [
  "# A page",
  "```sh",
  "npx rocoft plan \\",
  "    --model m",
  "",
  "# nothing",
  "rocoft predict run   # here",
  "```",
  "Then",
  "```ts no-run it takes a day",
  "await forever();",
  "```",
  "```",
  "printed",
  "```",
].join("\n");

test("blocks have their languages, lines and reasons", () => {
  expect(blocksOf(page, "page.md").map(({ text: _, ...block }) => block)).toEqual([
    { line: 3, language: "sh", notRun: null },
    { line: 11, language: "ts", notRun: "it takes a day" },
    { line: 14, language: "", notRun: null },
  ]);
  expect(blocksOf(page, "page.md")[1]!.text).toBe("await forever();\n");
});

test("commands are lines, continued after a backslash", () => {
  expect(commandsOf(blocksOf(page, "page.md")[0]!)).toEqual([
    { line: 3, text: "npx rocoft plan \\\n    --model m" },
    { line: 7, text: "rocoft predict run   # here" },
  ]);
});

test.each(["no-run", "norun because", "file=a.txt"])("after the language, %s is refused", (rest) => {
  expect(() => blocksOf(`text\n\n\`\`\`sh ${rest}\nls\n\`\`\``, "page.md")).toThrow(
    new Error(`page.md:3: ${rest} after the language of a block, expected no-run and a reason`),
  );
});
