/** From what a person calls a model, a folder, a GGUF file, a bundled model or a hub id, to a folder or GGUF file on this machine. */
import { stat } from "node:fs/promises";
import { quote } from "../formats/text.ts";
import { bundledFolder } from "./bundled.ts";
import { cachedCommit, missingFiles, repositoryFolder, snapshotFolder } from "./cache.ts";
import { type DownloadProgress, downloadModel, type Snapshot } from "./download.ts";
import { type HubEnvironment, hubEnvironment } from "./environment.ts";
import { isGguf } from "./gguf.ts";
import { type HubModel, HubUnreachable } from "./hub-error.ts";

export interface ResolvedModel {
  /** The folder with config.json, tokenizer.json and the weights, or the GGUF file that holds all of them. */
  readonly folder: string;
  /** The path or name as it was given. */
  readonly id: string;
  /** The commit on the hub; null for a model that is on this machine already. */
  readonly revision: string | null;
}

export interface ResolveOptions {
  /** A branch, a tag or a commit; `main` by default. Without meaning for a folder. */
  readonly revision?: string;
  readonly environment?: HubEnvironment;
  readonly onProgress?: (progress: DownloadProgress) => void;
}

/**
 * The folder of a model: an existing folder or GGUF file as it is, a bundled model by its name, a hub id (`name` or `organisation/name`) from the cache, into
 * which what is missing is downloaded. Without a network, or with HF_HUB_OFFLINE, the cache must do.
 * @throws Error in one line that says what is missing and how to get it.
 */
export async function resolveModel(idOrFolder: string, options: ResolveOptions = {}): Promise<ResolvedModel> {
  const found = await stat(idOrFolder).catch(() => null);
  if (found?.isDirectory()) return { folder: idOrFolder, id: idOrFolder, revision: null };
  if (found?.isFile() && isGguf(idOrFolder)) return { folder: idOrFolder, id: idOrFolder, revision: null };
  if (found !== null) throw new Error(`model ${idOrFolder}: is a file, expected a folder, a .gguf file or a hub id`);
  const bundled = bundledFolder(idOrFolder);
  if (bundled !== null) return { folder: bundled, id: idOrFolder, revision: null };
  const { revision = "main", environment = hubEnvironment(), onProgress = () => {} } = options;
  const model = { id: idOrFolder, revision, environment };
  refuseMalformed(model);
  return { id: idOrFolder, ...(await snapshotOf(model, onProgress)) };
}

async function snapshotOf(model: HubModel, onProgress: (progress: DownloadProgress) => void): Promise<Snapshot> {
  if (model.environment.offline) {
    const { snapshot, problem } = await cachedSnapshot(model);
    if (snapshot === null) throw new Error(`hub: offline, and ${problem}; run once without HF_HUB_OFFLINE`);
    return snapshot;
  }
  try {
    return await downloadModel(model, onProgress);
  } catch (error) {
    if (!(error instanceof HubUnreachable)) throw error;
    const { snapshot } = await cachedSnapshot(model);
    if (snapshot === null) throw error;
    return snapshot;
  }
}

type Cached =
  | { readonly snapshot: Snapshot; readonly problem: null }
  | { readonly snapshot: null; readonly problem: string };

async function cachedSnapshot({ id, revision, environment }: HubModel): Promise<Cached> {
  const repository = repositoryFolder(environment.cacheFolder, id);
  const commit = await cachedCommit(repository, revision);
  const absent = `${id} (revision ${revision}) is not in the cache ${environment.cacheFolder}`;
  if (commit === null) return { snapshot: null, problem: absent };
  const folder = snapshotFolder(repository, commit);
  if ((await stat(folder).catch(() => null)) === null) return { snapshot: null, problem: absent };
  const missing = await missingFiles(folder);
  if (missing.length > 0)
    return { snapshot: null, problem: `${missing.join(", ")} of ${id} not in the cache ${folder}` };
  return { snapshot: { folder, revision: commit }, problem: null };
}

/** Refuses what is no hub id before it becomes a part of an address or a path. */
function refuseMalformed({ id, revision, environment }: HubModel): void {
  if (!/^(\w[\w.-]*\/)?\w[\w.-]*$/.test(id) || /--|\.\.|\.git$/.test(id)) {
    throw new Error(`model ${quote(id)}: no such folder, and not a hub id, expected NAME or ORGANISATION/NAME`);
  }
  if (!/^\w[\w.-]*(\/\w[\w.-]*)*$/.test(revision)) {
    throw new Error(`model ${id}: revision ${quote(revision)} is not a branch, a tag or a commit`);
  }
  if (!/^https?:$/.test(protocolOf(environment.endpoint))) {
    throw new Error(`hub: HF_ENDPOINT ${quote(environment.endpoint)} is not an http address`);
  }
  if (environment.token !== null && !/^hf_[\x21-\x7e]+$/.test(environment.token)) {
    throw new Error(
      `hub: the access token (HF_TOKEN or the file token in HF_HOME) does not start with hf_ or is damaged`,
    );
  }
}

function protocolOf(address: string): string {
  return URL.canParse(address) ? new URL(address).protocol : "";
}
