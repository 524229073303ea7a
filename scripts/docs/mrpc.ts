/**
 * The tables of docs/mrpc.md, made from the runs in docs/mrpc.jsonl.
 *
 *     npx tsx scripts/docs/mrpc.ts     writes them
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { read, report } from "../../bench/mrpc-results.ts";

const docs = join(import.meta.dirname, "../../docs");
export const path: string = join(docs, "mrpc.md");
const [start, end] = ["<!-- tables: written by `npx tsx scripts/docs/mrpc.ts` -->", "<!-- /tables -->"];

/** The page with the tables as they must be. */
export function mrpcPage(): string {
  const page = readFileSync(path, "utf8");
  const [before, after] = [page.indexOf(start), page.indexOf(end)];
  if (before < 0 || after < 0) throw new Error(`${path}: the marks of the tables are gone`);
  return `${page.slice(0, before + start.length)}\n\n${report(read(join(docs, "mrpc.jsonl")))}\n\n${page.slice(after)}`;
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === import.meta.filename) writeFileSync(path, mrpcPage());
