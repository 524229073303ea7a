/** The needed files of a model on the hub, downloaded into the cache. */
import { createHash, type Hash } from "node:crypto";
import { join } from "node:path";
import * as z from "zod";
import {
  commitPattern,
  hasSize,
  linkBlob,
  makeFolder,
  repositoryFolder,
  snapshotFolder,
  writeCommit,
} from "./cache.ts";
import { indexFile, noFile, noWeights, optionalFiles, readIndex, requiredFiles, weightsFile } from "./checkpoint.ts";
import { conform, writeAtomically } from "./files.ts";
import { type HubModel, hubError } from "./hub-error.ts";
import { oneLine } from "./reasons.ts";

/** How far the download of one file has come, or the making of one that is kept, in bytes. */
export interface DownloadProgress {
  readonly file: string;
  /** What is done where nothing is downloaded. */
  readonly work?: string;
  readonly received: number;
  readonly total: number;
}

/** The files of one commit of a model in the cache. */
export interface Snapshot {
  readonly folder: string;
  /** The full hash of the commit. */
  readonly revision: string;
}

const Commit = z.string().regex(commitPattern, "expected a commit hash");

const ListedFile = z.object({
  path: z.string(),
  size: z.int().nonnegative(),
  /** The hash git gives the file: SHA-1 over `blob <size>\0` and the bytes. */
  oid: z.string().regex(commitPattern, "expected a hash"),
  /** Only of large files; `oid` is the SHA-256 of the bytes. */
  lfs: z.object({ oid: z.string().regex(/^[0-9a-f]{64}$/, "expected a hash"), size: z.int().nonnegative() }).optional(),
});
type ListedFile = z.infer<typeof ListedFile>;

/**
 * Downloads what is not yet in the cache: the small files first, the weights last. Each file is compared with the size
 * and the hash that the hub lists before it takes its name.
 * @throws HubUnreachable without a network; Error in one line for everything else that goes wrong.
 */
export async function downloadModel(
  model: HubModel,
  onProgress: (progress: DownloadProgress) => void,
): Promise<Snapshot> {
  const commit = await commitOf(model);
  const listed = await listRepository(model, commit);
  refuseUnusable(model.id, [...listed.keys()]);
  const repository = repositoryFolder(model.environment.cacheFolder, model.id);
  const folder = snapshotFolder(repository, commit);
  const download = async (name: string): Promise<void> => {
    const file = listed.get(name);
    if (file === undefined) throw new Error(`${model.id}: ${indexFile} names ${name}, which is not in the repository`);
    if (await hasSize(join(folder, name), sizeOf(file))) return;
    const blob = join(repository, "blobs", hashOf(file));
    if (!(await hasSize(blob, sizeOf(file)))) {
      await makeFolder(join(repository, "blobs"));
      await writeAtomically(blob, checkedBytes(model, commit, file, onProgress));
    }
    await linkBlob(blob, join(folder, name));
  };
  for (const name of [...requiredFiles, ...optionalFiles]) if (listed.has(name)) await download(name);
  if (listed.has(weightsFile)) await download(weightsFile);
  else {
    await download(indexFile);
    for (const shard of new Set((await readIndex(folder)).values())) await download(shard);
  }
  await writeCommit(repository, model.revision, commit);
  return { folder, revision: commit };
}

async function commitOf(model: HubModel): Promise<string> {
  const { modelInfo } = await import("@huggingface/hub");
  try {
    const info = await modelInfo({
      name: model.id,
      revision: model.revision,
      additionalFields: ["sha"],
      ...access(model),
    });
    return conform(Commit, info.sha);
  } catch (error) {
    throw hubError(model, error);
  }
}

async function listRepository(model: HubModel, commit: string): Promise<ReadonlyMap<string, ListedFile>> {
  const { listFiles } = await import("@huggingface/hub");
  const files = new Map<string, ListedFile>();
  try {
    for await (const entry of listFiles({
      repo: { type: "model", name: model.id },
      revision: commit,
      ...access(model),
    })) {
      if (entry.type === "file") files.set(entry.path, conform(ListedFile, entry));
    }
  } catch (error) {
    throw hubError(model, error);
  }
  return files;
}

function refuseUnusable(id: string, names: readonly string[]): void {
  for (const name of requiredFiles) if (!names.includes(name)) throw noFile(id, name);
  if (!names.includes(weightsFile) && !names.includes(indexFile)) throw noWeights(id, names);
}

/** The bytes of a file as they arrive; throws after the last of them if they are not the ones the hub lists. */
async function* checkedBytes(
  model: HubModel,
  commit: string,
  file: ListedFile,
  onProgress: (progress: DownloadProgress) => void,
): AsyncGenerator<Uint8Array> {
  const total = sizeOf(file);
  const hash = startHash(file);
  let received = 0;
  const broken = (why: string) =>
    new Error(
      `hub: the download of ${model.id}/${file.path} broke off after ${received} of ${total} bytes (${why}); run again`,
    );
  const stream = await openFile(model, commit, file);
  try {
    for await (const chunk of stream) {
      received += chunk.length;
      if (received > total) throw new Error("more arrives than was listed");
      hash.update(chunk);
      onProgress({ file: file.path, received, total });
      yield chunk;
    }
  } catch (error) {
    throw broken(oneLine(error));
  }
  if (received !== total) throw broken("the connection ended");
  if (hash.digest("hex") !== hashOf(file)) {
    throw new Error(`hub: ${model.id}/${file.path} arrived damaged: its hash is not ${hashOf(file)}; run again`);
  }
}

async function openFile(model: HubModel, commit: string, file: ListedFile): Promise<AsyncIterable<Uint8Array>> {
  const { downloadFile } = await import("@huggingface/hub");
  try {
    // Plain HTTP instead of the hub's chunk protocol (xet): one stream, whose bytes are checked as they pass.
    const repo = { type: "model", name: model.id } as const;
    const blob = await downloadFile({ repo, path: file.path, revision: commit, xet: false, ...access(model) });
    if (blob === null) throw new Error(`${file.path} is listed but not there`);
    return blob.stream();
  } catch (error) {
    throw hubError(model, error);
  }
}

function startHash(file: ListedFile): Hash {
  return file.lfs ? createHash("sha256") : createHash("sha1").update(`blob ${file.size}\0`);
}

function hashOf(file: ListedFile): string {
  return file.lfs?.oid ?? file.oid;
}

function sizeOf(file: ListedFile): number {
  return file.lfs?.size ?? file.size;
}

function access({ environment }: HubModel): { hubUrl: string; accessToken?: string } {
  const hubUrl = environment.endpoint;
  return environment.token === null ? { hubUrl } : { hubUrl, accessToken: environment.token };
}
