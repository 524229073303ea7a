import { existsSync, readdirSync, readlinkSync } from "node:fs";
import { expect, test } from "vitest";
import { checkpoint, complaint, folderOf } from "../hub/folders.cases.ts";
import { checkLength, openModel } from "./prepare.ts";

const handles = "/proc/self/fd";

function isOpen(folder: string): boolean {
  const targets = readdirSync(handles).map((handle) => {
    try {
      return readlinkSync(`${handles}/${handle}`);
    } catch {
      return "";
    }
  });
  return targets.some((target) => target.startsWith(folder));
}

test.skipIf(!existsSync(handles))("a model that is refused is closed", async () => {
  const folder = await folderOf(checkpoint);
  const message = await complaint(openModel(folder, { revision: "main", head: "sequence-classification", labels: 2 }));
  expect(message).toMatch(new RegExp(`^${folder}/tokenizer.json: `));
  expect(isOpen(folder)).toBe(false);
});

test.each<[number, { positions: number }, string | null]>([
  [10, { positions: 0 }, null],
  [11, { positions: 0 }, "11 is above the 10 positions of the model"],
  [7, { positions: 3 }, null],
  [8, { positions: 3 }, "8 is above the 7 positions that the method leaves of the 10 positions of the model"],
  [1, { positions: 12 }, "1 is above the 0 positions that the method leaves of the 10 positions of the model"],
])("%d tokens beside a method with %j of 10 positions", (length, attachment, message) => {
  const check = () => checkLength(length, { maxPositions: 10 }, attachment);
  if (message === null) expect(check).not.toThrow();
  else expect(check).toThrow(new Error(`max_seq_length: ${message}`));
});
