/**
 * The pages as a reader tries them: every block of commands (sh) and of TypeScript (ts), in the order of its page, in a folder
 * where models and data have the names that pages call them by. A block that cannot be run says why (```sh no-run REASON).
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Block, blocksOf, commandsOf } from "./pages/blocks.ts";
import { type PageWorkshop, pageWorkshop } from "./pages/workshop.ts";
import { type Finished, run, tsx } from "./process.ts";
import { write } from "./tiny-model.ts";

const root = join(import.meta.dirname, "..");
const docs = readdirSync(join(root, "docs")).filter((file) => file.endsWith(".md"));
const pages = ["README.md", ...docs.map((file) => `docs/${file}`), "models/rocoft-small/README.md"].map((page) => ({
  page,
  blocks: blocksOf(readFileSync(join(root, page), "utf8"), page),
}));

type Runner = (block: Block, page: string, workshop: PageWorkshop) => Promise<void>;
const runners: Readonly<Record<string, Runner>> = {
  async sh(block, page, { folder, env }) {
    for (const { line, text } of commandsOf(block))
      mustSucceed(await run("sh", ["-c", text], { cwd: folder, env }), `${page}:${line}: ${text}`);
  },
  async ts({ line, text }, page, { folder, env }) {
    const file = write(join(folder, `${page.replaceAll("/", "-")}-${line}.ts`), text);
    mustSucceed(await tsx(file, [], { cwd: folder, env }), `${page}:${line}`);
  },
};

function mustSucceed({ code, output, errors }: Finished, what: string): void {
  if (code !== 0) throw new Error(`${what}\nexited with ${code}:\n${errors}${output}`);
}

for (const { page, blocks } of pages) {
  const runnable = blocks.filter(({ language, notRun }) => language in runners && notRun === null);
  if (runnable.length === 0) continue;
  describe(page, () => {
    const workshop = pageWorkshop();
    test.for(runnable)("line $line", { timeout: 300_000 }, (block) => runners[block.language]!(block, page, workshop));
  });
}

test("the TypeScript of the pages fits the types of the package", { timeout: 300_000 }, async () => {
  const { folder } = pageWorkshop();
  for (const { page, blocks } of pages)
    for (const { language, line, text } of blocks)
      if (language === "ts") write(join(folder, "blocks", `${page.replaceAll("/", "-")}-${line}.ts`), text);
  const compilerOptions = { strict: true, noEmit: true, target: "es2023", module: "nodenext", types: ["node"] };
  const types = join(root, "node_modules", "@types");
  const config = { compilerOptions: { ...compilerOptions, typeRoots: [types] }, include: ["blocks"] };
  write(join(folder, "tsconfig.json"), JSON.stringify(config));
  const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
  expect(await run(process.execPath, [compiler, "-p", folder], { cwd: folder })).toEqual({
    code: 0,
    output: "",
    errors: "",
  });
});

test("every block has a language, so that what can be run is", () => {
  const known = [...Object.keys(runners), "js", "json", "yaml", "csv", "python", "text"];
  const unknown = pages.flatMap(({ page, blocks }) =>
    blocks.filter(({ language }) => !known.includes(language)).map(({ line }) => `${page}:${line}`),
  );
  expect(unknown).toEqual([]);
});

test("no command stands outside of a block", () => {
  const hidden = pages.flatMap(({ page }) =>
    [...readFileSync(join(root, page), "utf8").matchAll(/^ {4}(npx|npm|rocoft|node) .*$/gm)].map(
      ([command]) => `${page}:${command}`,
    ),
  );
  expect(hidden).toEqual([]);
});

test("what is not run is counted", () => {
  const reasons = pages.flatMap(({ page, blocks }) =>
    blocks.filter(({ notRun }) => notRun !== null).map(({ notRun }) => `${page}: ${notRun}`),
  );
  expect(reasons.join("\n")).toMatchInlineSnapshot(`
    "README.md: it fetches and installs
    README.md: a model of 135 million parameters
    README.md: takes minutes
    docs/devices.md: needs an NVIDIA GPU
    docs/devices.md: needs an NVIDIA GPU
    docs/export.md: it fetches and installs
    docs/kernel-study.md: hours, and needs real weights and LM-BFF's data
    docs/kernels.md: data that is not here
    docs/language-models.md: two hours, and a corpus
    docs/language-models.md: a model of 270 MB, and data
    docs/mrpc.md: hours, and needs real weights, GLUE or PyTorch
    docs/quantization.md: minutes to hours, and needs real weights and data
    docs/quantization.md: hours, and needs real weights and data
    docs/quantization.md: minutes to hours, and needs real weights and data
    docs/quantization.md: minutes, and needs real weights and GLUE
    docs/results.md: hours, and needs real weights, GLUE or PyTorch
    docs/results.md: hours, and needs real weights, GLUE or PyTorch
    docs/results.md: hours, and needs real weights, GLUE or PyTorch
    docs/results.md: hours, and needs real weights, GLUE or PyTorch
    docs/results.md: hours, and needs real weights, GLUE or PyTorch
    docs/results.md: minutes of both cores, and needs PyTorch
    docs/results.md: minutes of both cores, and needs PyTorch
    docs/results.md: hours, and needs real weights, GLUE or PyTorch
    docs/results.md: minutes, 4 GiB of disk and 6 of memory
    docs/results.md: minutes, 6 GiB of disk, and the right to make control groups
    docs/results.md: hours, and needs real weights, GLUE or PyTorch
    docs/results.md: hours, and needs real weights, GLUE or PyTorch
    docs/results.md: hours, and needs real weights, GLUE or PyTorch
    docs/results.md: hours, and needs real weights, GLUE or PyTorch
    docs/results.md: hours, and needs real weights, GLUE or PyTorch
    docs/results.md: hours, and needs real weights, GLUE or PyTorch
    docs/results.md: hours, and needs real weights, GLUE or PyTorch
    docs/results.md: minutes, and a quiet machine
    docs/results.md: half an hour, and needs PyTorch
    docs/results.md: minutes, and a quiet machine
    docs/results.md: minutes, and needs real weights and PyTorch
    docs/resuming.md: the run above came to its end
    docs/tasks-study.md: hours, and needs real weights and data
    models/rocoft-small/README.md: two hours, and the texts
    models/rocoft-small/README.md: the held-out texts
    models/rocoft-small/README.md: minutes, and SST-2"
  `);
});
