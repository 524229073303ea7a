/**
 * The table of methods in docs/methods.md, made from their registry.
 *
 *     npx tsx scripts/docs/methods.ts     writes it
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Method } from "../../src/peft/method.ts";
import { methods } from "../../src/peft/registry.ts";

export const path: string = join(import.meta.dirname, "../../docs/methods.md");
const [start, end] = ["<!-- methods: written by `npx tsx scripts/docs/methods.ts` -->", "<!-- /methods -->"];

function table(): string {
  const rows = Object.values<Method>(methods).map(({ name, summary, unmergeable, learningRate, reference }) => {
    const options = `[${name}](configuration.md#${name})`;
    return `| ${options} | ${summary} | ${unmergeable === undefined ? "yes" : "no"} | ${learningRate.toExponential()} | ${reference} |`;
  });
  return ["| method | what is trained | merges | learning rate | reference |", "|---|---|---|---|---|", ...rows].join(
    "\n",
  );
}

/** The page with the table as it must be. */
export function methodsPage(): string {
  const page = readFileSync(path, "utf8");
  const [before, after] = [page.indexOf(start), page.indexOf(end)];
  if (before < 0 || after < 0) throw new Error(`${path}: the marks of the table are gone`);
  return `${page.slice(0, before + start.length)}\n\n${table()}\n\n${page.slice(after)}`;
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === import.meta.filename)
  writeFileSync(path, methodsPage());
