/**
 * The layout of Hugging Face's cache, shared with its Python libraries:
 * models--org--name/{refs/main → commit, snapshots/<commit>/config.json → ../../blobs/<hash>, blobs/<hash>}.
 */
import { access, copyFile, mkdir, readFile, rename, stat, symlink } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { indexFile, readIndex, requiredFiles, weightsFile } from "./checkpoint.ts";
import { temporaryName, writeAtomically } from "./files.ts";
import { fileError } from "./reasons.ts";

/** A full commit hash. */
export const commitPattern: RegExp = /^[0-9a-f]{40}$/;

/** The folder that holds everything cached of model `id`. */
export function repositoryFolder(cacheFolder: string, id: string): string {
  return join(cacheFolder, `models--${id.replaceAll("/", "--")}`);
}

/** The folder of one commit's files. */
export function snapshotFolder(repository: string, commit: string): string {
  return join(repository, "snapshots", commit);
}

/** The commit that branch, tag or commit `revision` stood for when it was last downloaded; null if it never was. */
export async function cachedCommit(repository: string, revision: string): Promise<string | null> {
  if (commitPattern.test(revision)) return revision;
  const commit = await readFile(join(repository, "refs", revision), "utf8").catch(() => "");
  return commitPattern.test(commit.trim()) ? commit.trim() : null;
}

/** Notes that `revision` stands for `commit`. */
export async function writeCommit(repository: string, revision: string, commit: string): Promise<void> {
  if (revision === commit) return;
  const path = join(repository, "refs", revision);
  await makeFolder(dirname(path));
  await writeAtomically(path, commit);
}

/** The names of the needed files that are not in a folder; empty when it can be used as a model. */
export async function missingFiles(folder: string): Promise<string[]> {
  const names = [...requiredFiles];
  if (await exists(join(folder, weightsFile))) return missing(folder, names);
  if (!(await exists(join(folder, indexFile)))) return missing(folder, [...names, weightsFile]);
  return missing(folder, [...names, ...new Set((await readIndex(folder)).values())]);
}

async function missing(folder: string, names: readonly string[]): Promise<string[]> {
  const found = await Promise.all(names.map((name) => exists(join(folder, name))));
  return names.filter((_, i) => !found[i]);
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Whether the file at `path`, or where its symbolic link points, is there in full. */
export function hasSize(path: string, size: number): Promise<boolean> {
  return stat(path).then(
    (found) => found.size === size,
    () => false,
  );
}

/**
 * Makes the blob at `blob` appear as `path`, by a relative symbolic link, or as a copy where links are not allowed.
 * Whatever had the name `path` before is replaced at once.
 */
export async function linkBlob(blob: string, path: string): Promise<void> {
  await makeFolder(dirname(path));
  const temporary = temporaryName(path);
  try {
    await symlink(relative(dirname(path), blob), temporary).catch(() => copyFile(blob, temporary));
    await rename(temporary, path);
  } catch (error) {
    throw fileError(path, "cannot be written", error);
  }
}

/** Makes a folder of the cache. */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (error) {
    throw fileError(path, "cannot be made (set HF_HOME to a folder that can be written)", error);
  }
}
