/** A small hub on this machine, for tests: it answers what the hub's client asks and counts it. */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface HubContents {
  readonly id: string;
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  /** Only a request with this token may read; without it 401, with another token 403. */
  readonly token?: string;
  /** As `token`, but the list of files is public, as that of a gated model is. */
  readonly gate?: string;
  /** Closes the connection half-way through the body of this file. */
  readonly cut?: string;
  /** Sends the body of this file with its last byte changed. */
  readonly damage?: string;
  /** Lists this for a path instead of the truth. */
  readonly lies?: Readonly<Record<string, object>>;
}

export interface HubServer {
  readonly endpoint: string;
  readonly commit: string;
  /** `METHOD /path` of each request so far. */
  readonly requests: string[];
  /** The tokens that were sent to the address which large files are stored at. */
  readonly leaked: string[];
  close(): Promise<void>;
}

interface File {
  readonly name: string;
  readonly bytes: Buffer;
  readonly oid: string;
  readonly sha256: string;
  /** The hub stores large files at another address; here a file is large by its name. */
  readonly large: boolean;
}

interface Hub {
  readonly contents: HubContents;
  readonly files: readonly File[];
  readonly commit: string;
  /** The address that large files are stored at. */
  readonly storage: string;
}

type Route = (request: IncomingMessage, response: ServerResponse, hub: Hub) => void;

/** Starts a hub with one model on two free ports of the loopback interface. */
export async function startHub(contents: HubContents): Promise<HubServer> {
  const requests: string[] = [];
  const leaked: string[] = [];
  const files = Object.entries(contents.files).map(([name, data]) => describe(name, Buffer.from(data as Uint8Array)));
  const commit = sha1(files.map(({ oid }) => oid).join());
  const storage = await listen((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    if (request.headers.authorization !== undefined) leaked.push(request.headers.authorization);
    sendBody(request, response, contents, fileOf(request, files)!);
  });
  const hub = { contents, files, commit, storage: addressOf(storage) };
  const server = await listen((request, response) => {
    const path = decodeURIComponent(request.url!.replace(/\?.*/, ""));
    requests.push(`${request.method} ${path}`);
    const route = Object.keys(routes).find((prefix) => path.startsWith(prefix.replace("ID", contents.id)));
    if (route === undefined) refuse(response, 404, "Repository not found");
    else routes[route]!(request, response, hub);
  });
  const close = () => Promise.all([server, storage].map(shut)).then(() => {});
  return { endpoint: addressOf(server), commit, requests, leaked, close };
}

async function listen(listener: RequestListener): Promise<Server> {
  const server = createServer(listener);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return server;
}

function addressOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function shut(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((done) => server.close(() => done()));
}

function sha1(text: string): string {
  return createHash("sha1").update(text).digest("hex");
}

function describe(name: string, bytes: Buffer): File {
  const oid = createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { name, bytes, oid, sha256, large: /\.(safetensors|bin)$/.test(name) };
}

const routes: { readonly [prefix: string]: Route } = {
  "/api/models/ID/revision/": sendInfo,
  "/api/models/ID/tree/": sendTree,
  "/ID/resolve/": sendFile,
};

function sendInfo(request: IncomingMessage, response: ServerResponse, { contents, commit }: Hub): void {
  if (!permitted(request, response, contents.token)) return;
  const revision = decodeURIComponent(/\/revision\/([^?]*)/.exec(request.url!)![1]!);
  if (!["main", "refs/pr/1", commit].includes(revision)) return refuse(response, 404, `Invalid rev id: ${revision}`);
  const { id, gate } = contents;
  const lastModified = "2026-01-01T00:00:00.000Z";
  sendJson(response, { _id: "1", id, sha: commit, lastModified, gated: gate ? "auto" : false });
}

/** The list comes in pages of three, as the hub's comes in pages of a thousand. */
function sendTree(request: IncomingMessage, response: ServerResponse, { contents, files }: Hub): void {
  if (!permitted(request, response, contents.token)) return;
  const url = new URL(request.url!, `http://${request.headers.host}`);
  const start = Number(url.searchParams.get("cursor") ?? 0);
  url.searchParams.set("cursor", String(start + 3));
  if (start + 3 < files.length) response.setHeader("Link", `<${url.href}>; rel="next"`);
  const entries = files.slice(start, start + 3).map(({ name, bytes, oid, sha256, large }) => ({
    type: "file",
    path: name,
    size: bytes.length,
    oid,
    ...(large && { lfs: { oid: sha256, size: bytes.length, pointerSize: 130 } }),
    ...contents.lies?.[name],
  }));
  sendJson(response, [{ type: "directory", path: "onnx", size: 0, oid: "0".repeat(40) }, ...entries]);
}

const chunked = "application/vnd.xet-fileinfo+json";

function sendFile(request: IncomingMessage, response: ServerResponse, hub: Hub): void {
  const { contents, files, commit, storage } = hub;
  if (!permitted(request, response, contents.token ?? contents.gate)) return;
  const file = fileOf(request, files);
  if (file === undefined) return refuse(response, 404, "Entry not found");
  response.setHeader("X-Repo-Commit", commit);
  response.setHeader("ETag", `"${file.oid}"`);
  if (!file.large) return sendBody(request, response, contents, file);
  response.setHeader("X-Linked-Size", String(file.bytes.length));
  response.setHeader("X-Linked-ETag", `"${file.sha256}"`);
  if (request.headers.accept?.includes(chunked)) return sendChunkedInfo(response, file);
  response.writeHead(302, { Location: `${storage}/${file.name}` }).end();
}

/** Says that the file could also be had by the chunk protocol, which this hub does not speak. */
function sendChunkedInfo(response: ServerResponse, { sha256 }: File): void {
  const nowhere = "http://127.0.0.1:9";
  response.setHeader("X-Xet-Hash", sha256);
  response.setHeader("Link", `<${nowhere}/a>; rel="xet-auth", <${nowhere}/r>; rel="xet-reconstruction-info"`);
  response.setHeader("Content-Type", chunked);
  response.end("{}");
}

function fileOf(request: IncomingMessage, files: readonly File[]): File | undefined {
  return files.find(({ name }) => name === request.url!.replace(/\?.*/, "").split("/").at(-1));
}

function sendBody(request: IncomingMessage, response: ServerResponse, contents: HubContents, file: File): void {
  const { name, bytes } = file;
  const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
  if (range !== null) {
    const [start, end] = [Number(range[1]), Math.min(Number(range[2]), bytes.length - 1)];
    response.writeHead(206, { "Content-Range": `bytes ${start}-${end}/${bytes.length}` });
    response.end(bytes.subarray(start, end + 1));
    return;
  }
  response.writeHead(200, { "Content-Length": bytes.length });
  if (contents.cut === name) {
    response.write(bytes.subarray(0, bytes.length / 2), () => response.destroy());
    return;
  }
  const last = bytes.length - 1;
  const damaged = Buffer.concat([bytes.subarray(0, last), Buffer.of(bytes[last]! ^ 1)]);
  response.end(contents.damage === name ? damaged : bytes);
}

function permitted(request: IncomingMessage, response: ServerResponse, token: string | undefined): boolean {
  const given = request.headers.authorization;
  if (token === undefined || given === `Bearer ${token}`) return true;
  refuse(response, given === undefined ? 401 : 403, "Access to this model is restricted.\nPlease log in.");
  return false;
}

function refuse(response: ServerResponse, status: number, error: string): void {
  response.statusCode = status;
  sendJson(response, { error });
}

function sendJson(response: ServerResponse, body: unknown): void {
  response.setHeader("Content-Type", "application/json; charset=utf-8");
  response.end(JSON.stringify(body));
}
