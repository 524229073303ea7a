/** Apache Parquet: tables by columns, in groups of rows, as the Hugging Face hub keeps data sets. */
import { type FileMetaData, parquetMetadataAsync, parquetReadObjects, parquetSchema } from "hyparquet";
import * as z from "zod";
import type { Row, RowTable } from "./rows.ts";
import { quote } from "./text.ts";

/** What is asked of a file: any part of its bytes. */
interface ParquetFile {
  readonly byteLength: number;
  slice(begin: number, end?: number): Promise<ArrayBuffer>;
}

/**
 * Reads the rows of a Parquet file; a row's line counts rows from 1. Whole numbers are numbers, or texts beyond 2⁵³. Where the
 * `datasets` library wrote down that a column's numbers stand for classes, the names of the classes are in their place.
 * @throws Error `where: …` in one line for what is no sound Parquet file.
 */
export async function readParquet(file: ParquetFile, where: string): Promise<RowTable> {
  try {
    const metadata = await parquetMetadataAsync(file);
    checkColumns(metadata);
    const compressors = isPlain(metadata) ? {} : (await import("hyparquet-compressors")).compressors;
    const classes = classNames(metadata);
    const columns = parquetSchema(metadata).children.map(({ element }) => element.name);
    const rows: Row[] = [];
    for (const { begin, end } of groupsOf(metadata)) {
      const group = await parquetReadObjects({ file, metadata, compressors, rowStart: begin, rowEnd: end });
      for (const values of group) rows.push({ line: rows.length + 1, values: named(values, columns, classes) });
    }
    return { columns, rows };
  } catch (error) {
    const reason = error instanceof Error ? error.message.replaceAll(/\s+/g, " ") : String(error);
    throw new Error(`${where}: not a Parquet file that can be read: ${reason}`, { cause: error });
  }
}

/**
 * The library begins to read columns before it meets one that the schema lacks, and then nobody waits for them: their own failures would
 * end the process.
 * @throws Error naming such a column
 */
function checkColumns(metadata: FileMetaData): void {
  const schema = parquetSchema(metadata);
  for (const { meta_data: column } of metadata.row_groups.flatMap(({ columns }) => columns)) {
    let node: typeof schema | undefined = schema;
    for (const name of column?.path_in_schema ?? []) node = node?.children.find(({ element }) => element.name === name);
    if (node === undefined) throw new Error(`its schema has no column ${quote(column!.path_in_schema.join("."))}`);
  }
}

/** Whether the library itself can decompress all of it. */
function isPlain({ row_groups: groups }: FileMetaData): boolean {
  const codecs = groups.flatMap(({ columns }) => columns.map(({ meta_data: column }) => column?.codec));
  return codecs.every((codec) => codec === undefined || codec === "UNCOMPRESSED" || codec === "SNAPPY");
}

function* groupsOf({ row_groups: groups }: FileMetaData): Generator<{ readonly begin: number; readonly end: number }> {
  let begin = 0;
  for (const { num_rows: count } of groups) {
    const end = begin + Number(count);
    yield { begin, end };
    begin = end;
  }
}

function named(
  values: Readonly<Record<string, unknown>>,
  columns: readonly string[],
  classes: ReadonlyMap<string, readonly string[]>,
): Row["values"] {
  return Object.fromEntries(
    columns.map((column) => {
      const value = plain(values[column]);
      const name = typeof value === "number" ? classes.get(column)?.[value] : undefined;
      return [column, name ?? value];
    }),
  );
}

/** A value as JSON would have it. */
function plain(value: unknown): unknown {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}

const features = z.object({ info: z.object({ features: z.record(z.string(), z.unknown()) }) });
const classLabel = z.object({ _type: z.literal("ClassLabel"), names: z.array(z.string()) });

/** The names of the classes that the numbers of a column stand for, by column. */
function classNames({ key_value_metadata: pairs = [] }: FileMetaData): ReadonlyMap<string, readonly string[]> {
  const text = pairs.find(({ key }) => key === "huggingface")?.value;
  const { data } = features.safeParse(parsed(text ?? ""));
  return new Map(
    Object.entries(data?.info.features ?? {}).flatMap(([column, feature]) => {
      const label = classLabel.safeParse(feature);
      return label.success ? [[column, label.data.names] as const] : [];
    }),
  );
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}
