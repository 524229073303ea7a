/**
 * The tables of docs/mrpc.md, made from the runs in docs/mrpc.jsonl.
 *
 *     npx tsx scripts/docs/mrpc.ts     writes them
 */
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { read, report } from "../../bench/mrpc-results.ts";
import { filled } from "./filled.ts";

const docs = join(import.meta.dirname, "../../docs");
export const path: string = join(docs, "mrpc.md");

/** The page with the tables as they must be. */
export function mrpcPage(): string {
  return filled(path, "npx tsx scripts/docs/mrpc.ts", { tables: report(read(join(docs, "mrpc.jsonl"))) });
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === import.meta.filename) writeFileSync(path, mrpcPage());
