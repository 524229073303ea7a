/** A hub with one tiny model, and an empty cache, for one test. */
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { type HubEnvironment, hubEnvironment } from "./environment.ts";
import { checkpoint, temporaryFolder } from "./folders.cases.ts";
import { type HubContents, type HubServer, startHub } from "./hub-server.cases.ts";

export const id = "someone/tiny-bert";

export interface Hub extends HubServer {
  /** An environment with this hub and an empty cache of its own. */
  readonly environment: HubEnvironment;
  /** Where the cache keeps the model. */
  readonly repository: string;
}

/** Starts a hub that is closed when the test ends; its model has the files of `checkpoint` unless `contents` says otherwise. */
export async function hubWith(
  contents: Partial<HubContents> = {},
  variables: Readonly<Record<string, string>> = {},
): Promise<Hub> {
  const server = await startHub({ id, files: checkpoint, ...contents });
  onTestFinished(() => server.close());
  const home = await temporaryFolder();
  const environment = hubEnvironment({ HF_HOME: home, HF_ENDPOINT: server.endpoint, ...variables });
  return { ...server, environment, repository: join(environment.cacheFolder, "models--someone--tiny-bert") };
}

/** The requests for the contents of files. */
export function fetched(hub: Hub): string[] {
  return hub.requests.filter((request) => /\/resolve\/|GET \/[^/]+$/.test(request));
}

/** The names of `files`, in order. */
export function names(files: object): string[] {
  return Object.keys(files).sort();
}
