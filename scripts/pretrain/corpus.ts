/**
 * The texts to pretrain on, as JSONL rows {"source", "text"}.
 *
 *     npx tsx scripts/pretrain/corpus.ts --texts FOLDER --output_dir corpus
 *
 * FOLDER holds the folders and files that `sources` names. Written are train.jsonl, validation.jsonl, the last 1 % of
 * every file, and sources.json, which counts both. Little is cleaned: lines that were wrapped to a width are joined to
 * paragraphs, words split at a line's end are made whole, WikiText's marks are undone, quotation marks read in a wrong
 * encoding are put right, spaces in a row become one.
 */
import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { createOutputFolder, writeAtomically } from "../../src/hub/files.ts";

interface Source {
  readonly name: string;
  /** A folder of files, or one file. */
  readonly path: string;
  readonly paragraphs: (text: string) => string[];
  /** How often train.jsonl holds it: its weight in the mixture. */
  readonly repeats: number;
}

/** movie_reviews is left out of NLTK's corpora: a test of the model, SST-2, is made of film reviews. */
const sources: readonly Source[] = [
  { name: "novels", path: "novels", paragraphs: unwrapped, repeats: 1 },
  { name: "abc", path: "nltk/abc", paragraphs: lines, repeats: 2 },
  { name: "inaugural", path: "nltk/inaugural", paragraphs: lines, repeats: 2 },
  { name: "state_union", path: "nltk/state_union", paragraphs: lines, repeats: 2 },
  { name: "webtext", path: "nltk/webtext", paragraphs: lines, repeats: 2 },
  { name: "wiki-split", path: "wiki-split", paragraphs: firstColumn, repeats: 2 },
  { name: "wikitext-2", path: "wikitext-2", paragraphs: wikiText, repeats: 2 },
  { name: "tiny_stories", path: "tiny_stories.txt", paragraphs: lines, repeats: 2 },
  { name: "tinyshakespeare", path: "tinyshakespeare.txt", paragraphs: lines, repeats: 2 },
];

/** Punctuation that was read in another encoding on its way here, and what the rest of the texts has for it. */
const misread: Readonly<Record<string, string>> = {
  "â€˜": "'",
  "â€™": "'",
  "â€œ": '"',
  "â€\x9d": '"',
  "â€“": " - ",
  "â€”": " - ",
  "â€¦": "...",
  "â€": '"',
  "¡¦": "'",
  "¡§": '"',
  "¡¨": '"',
  "¡X": " - ",
  "¡@": " ",
  "\x91": "'",
  "\x92": "'",
  "\x93": '"',
  "\x94": '"',
  "\x97": " - ",
};
const misreadPattern = new RegExp(Object.keys(misread).join("|"), "g");

const documentLength = 4000;
const heldOut = 0.01;

/** The lines that are not blank: one is a paragraph, a sentence, an item or a verse. */
function lines(text: string): string[] {
  return text
    .split(/[\n\f\v\x85\u2028\u2029]/)
    .map((line) => line.replace(/\s+/g, " ").trim())
    .filter((line) => line !== "");
}

/** The first column of a table: the second one says the same in other words. */
function firstColumn(text: string): string[] {
  return lines(text.replace(/\t.*/g, ""));
}

/** Without the marks of WikiText: ` @-@ ` stands for a hyphen in a word, `<unk>` for a word that was taken out. */
function wikiText(text: string): string[] {
  return lines(text.replace(/ @([-,.])@ /g, "$1").replace(/ ?<unk>/g, ""));
}

/**
 * The paragraphs of a novel. In a file wrapped to a width, where few lines are long, a line near the usual length
 * goes on in the next one unless a blank line follows; in any other file a line is a paragraph.
 */
function unwrapped(text: string): string[] {
  const lengths = lines(text)
    .map((line) => line.length)
    .sort((a, b) => a - b);
  const [width, longest] = [0.5, 0.95].map((part) => lengths[Math.floor(lengths.length * part)] ?? 0) as [
    number,
    number,
  ];
  if (longest > 110) return lines(mended(text));
  const joined = text.replace(/^(.*\S)[^\S\n]*\n(?=[^\S\n]*\S)/gm, (whole, line: string) =>
    line.trim().length >= 0.75 * width ? `${line} ` : whole,
  );
  return lines(mended(joined));
}

/**
 * Words split at a line's end made whole: `law- yer` becomes `lawyer` where the file has that word elsewhere, and
 * `good- natured` becomes `good-natured`. The `two- or threefold` stays.
 */
function mended(text: string): string {
  const words = new Set(text.match(/(?<![\p{L}-])\p{L}+(?![\p{L}-])/gu));
  return text.replace(/(\p{L}+)- +(?!(?:and|or|to)\b)(\p{Ll}+)/gu, (_, head: string, tail: string) =>
    words.has(head + tail) ? head + tail : `${head}-${tail}`,
  );
}

interface Row {
  readonly source: string;
  readonly text: string;
}

/** Consecutive paragraphs together, up to `documentLength` characters; a longer paragraph stays whole. */
function documents(paragraphs: readonly string[]): string[] {
  const texts: string[] = [];
  for (const paragraph of paragraphs) {
    const last = texts.at(-1);
    if (last !== undefined && last.length + 1 + paragraph.length <= documentLength) {
      texts[texts.length - 1] = `${last}\n${paragraph}`;
    } else {
      texts.push(paragraph);
    }
  }
  return texts;
}

/** Where the held-out documents of a file begin: as many whole ones at its end as come nearest to `heldOut`. */
function splitPoint(rows: readonly Row[]): number {
  const limit = characters(rows) * heldOut;
  let start = rows.length;
  for (let held = 0; start > 0; start--) {
    const { length } = rows[start - 1]!.text;
    if (held + length / 2 > limit) break;
    held += length;
  }
  return start;
}

function characters(rows: readonly Row[]): number {
  return rows.reduce((sum, { text }) => sum + text.length, 0);
}

/** UTF-8, or Latin-1 where the bytes are not UTF-8; without a byte order mark. */
async function readText(path: string): Promise<string> {
  const bytes = await readFile(path);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    text = bytes.toString("latin1");
  }
  return text.replace(/\r\n?/g, "\n").replace(misreadPattern, (found) => misread[found]!);
}

/** The files of a source, as paths under `folder`. */
async function filesOf(folder: string, { path }: Source): Promise<string[]> {
  if (path.endsWith(".txt")) return [path];
  const names = await readdir(join(folder, path));
  return names
    .filter((name) => /\.(txt|tsv)$/.test(name) && !/^readme/i.test(basename(name)))
    .sort()
    .map((name) => `${path}/${name}`);
}

function* jsonLines(rows: Iterable<Row>): Generator<Uint8Array> {
  for (const row of rows) yield Buffer.from(`${JSON.stringify(row)}\n`);
}

const { values } = parseArgs({ options: { texts: { type: "string" }, output_dir: { type: "string" } } });
if (values.texts === undefined || values.output_dir === undefined) {
  throw new Error("corpus: expected --texts FOLDER --output_dir FOLDER");
}
const output = await createOutputFolder(values.output_dir, { overwrite: true });

const seen = new Set<string>();
const groups: { readonly source: Source; readonly train: Row[]; readonly validation: Row[] }[] = [];
const report: Record<string, Record<string, number>> = {};
for (const source of sources) {
  const group = { source, train: [] as Row[], validation: [] as Row[] };
  const files = await filesOf(values.texts, source);
  let duplicates = 0;
  for (const file of files) {
    const texts = documents(source.paragraphs(await readText(join(values.texts, file))));
    const rows = texts.filter((text) => !seen.has(text) && seen.add(text)).map((text) => ({ source: file, text }));
    duplicates += texts.length - rows.length;
    const start = splitPoint(rows);
    group.train.push(...rows.slice(0, start));
    group.validation.push(...rows.slice(start));
  }
  groups.push(group);
  report[source.name] = {
    files: files.length,
    duplicates,
    repeats: source.repeats,
    trainDocuments: group.train.length,
    trainCharacters: characters(group.train),
    validationDocuments: group.validation.length,
    validationCharacters: characters(group.validation),
  };
}

const train = groups.flatMap((group) => Array.from({ length: group.source.repeats }, () => group.train).flat());
const validation = groups.flatMap((group) => group.validation);
await writeAtomically(join(output, "train.jsonl"), jsonLines(train));
await writeAtomically(join(output, "validation.jsonl"), jsonLines(validation));
await writeAtomically(join(output, "sources.json"), `${JSON.stringify(report, null, 2)}\n`);
console.table(report);
console.log(`train.jsonl: ${train.length} documents, ${characters(train)} characters`);
console.log(`validation.jsonl: ${validation.length} documents, ${characters(validation)} characters`);
