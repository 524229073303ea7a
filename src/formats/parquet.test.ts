import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { random } from "../tensor/random.ts";
import type { RowTable } from "./rows.ts";
import { readTableFile, type TableFile } from "./table.ts";

const folder = join(import.meta.dirname, "..", "..", "test", "fixtures", "parquet");
const fixtures = JSON.parse(readFileSync(join(folder, "rows.json"), "utf8")) as {
  readonly [table in "mnli" | "unlabelled" | "stsb" | "chat"]: Readonly<Record<string, readonly unknown[]>>;
} & { readonly names: readonly string[] };

function fileOf(bytes: Uint8Array<ArrayBuffer>, where: string): TableFile {
  const slice = async (begin: number, end?: number) => bytes.slice(begin, end).buffer;
  return { where, byteLength: bytes.length, slice };
}

const bytesOf = (name: string) => Uint8Array.from(readFileSync(join(folder, name)));
const read = (name: string): Promise<RowTable> => readTableFile(fileOf(bytesOf(name), name));

/** The columns as pyarrow was given them. */
function columnsOf({ columns, rows }: RowTable): Record<string, unknown[]> {
  return Object.fromEntries(columns.map((column) => [column, rows.map(({ values }) => values[column])]));
}

test.each(["snappy", "zstd", "gzip", "brotli", "lz4", "none"])("compressed by %s, classes by name", async (codec) => {
  const table = await read(`mnli-${codec}.parquet`);
  const label = fixtures.mnli["label"]!.map((id) => fixtures.names[Number(id)]);
  expect(columnsOf(table)).toEqual({ ...fixtures.mnli, label });
  expect(table.rows.map(({ line }) => line)).toEqual([1, 2, 3]);
});

test.each(["version1.parquet", "pages2.parquet"])("%s: classes are numbers where nobody names them", async (name) => {
  expect(columnsOf(await read(name))).toEqual(fixtures.mnli);
});

test("a class that has no name is left as it is", async () => {
  expect(columnsOf(await read("unlabelled.parquet"))).toEqual(fixtures.unlabelled);
});

test("fractions, lists of objects, nothing, and numbers beyond those that are exact", async () => {
  expect(columnsOf(await read("stsb.parquet"))).toEqual(fixtures.stsb);
  expect(columnsOf(await read("chat.parquet"))).toEqual(fixtures.chat);
});

test("a table of no rows has its columns", async () => {
  expect(await read("empty.parquet")).toEqual({ columns: ["sentence1", "sentence2", "label", "idx"], rows: [] });
});

test("what is no Parquet file, or is cut, is refused in one line", async () => {
  const whole = bytesOf("mnli-zstd.parquet");
  const ends = [0, 1, 8, 100, whole.length - 1];
  const files = [...ends.map((end) => whole.subarray(0, end)), Uint8Array.from(Buffer.from("text\tlabel\n".repeat(9)))];
  for (const bytes of files)
    await expect(readTableFile(fileOf(bytes, "x.parquet"))).rejects.toThrow(
      /^x\.parquet: not a Parquet file that can be read: .+$/,
    );
});

test("damaged bytes give rows or one line, and leave nothing behind that fails unheard", async () => {
  const whole = bytesOf("mnli-none.parquet");
  for (let seed = 300; seed < 700; seed++) {
    const { uniform } = random(seed);
    const bytes = whole.slice();
    for (let i = 0; i <= seed % 3; i++) bytes[Math.floor(uniform() * bytes.length)] = Math.floor(uniform() * 256);
    const said = await readTableFile(fileOf(bytes, "x.parquet")).then(
      () => "rows",
      (error: Error) => error.message,
    );
    expect(said).toMatch(/^(rows|x\.parquet: not a Parquet file that can be read: .+)$/);
    // What fails unheard is told of at the end of a turn, and fails the test.
    await new Promise((resolve) => setImmediate(resolve));
  }
});
