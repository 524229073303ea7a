/** From a path, or a pattern of several files' names, to a table. */
import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { OnBadRow, RowTable } from "../formats/rows.ts";
import { readTableFile } from "../formats/table.ts";
import { readTextFile } from "../hub/dataset.ts";
import { withTableFile } from "../hub/table-file.ts";
import { labelFileOf, withLabels } from "../tasks/label-file.ts";
import { tableOptions } from "../tasks/read.ts";
import { dataFolder } from "../tasks/splits.ts";
import { questionRows } from "../tasks/squad-articles.ts";
import type { NamedTable, TableSet } from "../tasks/table-set.ts";
import type { TableForms } from "../tasks/task.ts";

/**
 * Reads the file at `path` in one of the `forms` of a task. In its last part `*` stands for anything, unless there is such a file.
 * @throws Error in one line naming the file, and the line where there is one.
 */
export async function readTables(path: string, forms: TableForms, onBadRow?: OnBadRow): Promise<TableSet> {
  const parts: NamedTable[] = [];
  for (const where of await filesOf(path)) {
    const read = await withTableFile(where, (file) => readTableFile(file, tableOptions(forms, onBadRow)));
    const table = questionRows(read, where, forms, onBadRow);
    parts.push({ where, table: await labelled(table, where, forms) });
  }
  return { where: path, parts };
}

/** The table with the labels that stand in a file beside it, where there is one. */
async function labelled(table: RowTable, where: string, forms: TableForms): Promise<RowTable> {
  const beside = labelFileOf(where, forms);
  if (beside === null || !(await stat(beside).catch(() => null))?.isFile()) return table;
  return withLabels(table, where, await readTextFile(beside), beside);
}

/** The names of the files in a folder, and those below its `data`, as `findSplits` reads them. */
export async function filesIn(folder: string): Promise<string[]> {
  const [names, inner] = await Promise.all([readdir(folder), readdir(join(folder, dataFolder)).catch(() => [])]);
  return [...names, ...inner.map((name) => dataFolder + name)];
}

async function filesOf(path: string): Promise<string[]> {
  const pattern = basename(path);
  if (!pattern.includes("*") || (await stat(path).catch(() => null)) !== null) return [path];
  const folder = dirname(path);
  const names = (await readdir(folder).catch(() => [])).filter((name) => matches(name, pattern)).toSorted();
  if (names.length === 0) throw new Error(`${path}: no such files`);
  refuseIncomplete(names, path);
  return names.map((name) => join(folder, name));
}

function matches(name: string, pattern: string): boolean {
  const parts = pattern.split("*").map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`, "s").test(name);
}

/** Files that say how many there are must all be there. */
function refuseIncomplete(names: readonly string[], path: string): void {
  const numbers = names.map((name) => /-(\d+)-of-(\d+)[-.]/.exec(name)).filter((found) => found !== null);
  const expected = Number(numbers[0]?.[2] ?? names.length);
  if (names.length !== expected)
    throw new Error(`${path}: ${names.length} files, expected ${expected} as their names say`);
}
