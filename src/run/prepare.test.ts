import { existsSync, readdirSync, readlinkSync } from "node:fs";
import { expect, test } from "vitest";
import { checkpoint, complaint, folderOf } from "../hub/folders.cases.ts";
import { openModel } from "./prepare.ts";

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
