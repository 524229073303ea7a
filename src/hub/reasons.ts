/** Errors of the operating system as one line that a person can act on. */

const reasons: { readonly [code: string]: string } = {
  EACCES: "permission denied",
  EBUSY: "it is in use",
  EDQUOT: "the disk quota is used up",
  EEXIST: "a file of that name is in the way",
  EFBIG: "larger than the file system allows",
  EIO: "the disk reports an error",
  EISDIR: "it is a folder, expected a file",
  ELOOP: "its symbolic links go round in a circle",
  EMFILE: "too many files are open",
  ENAMETOOLONG: "the name is too long",
  ENOENT: "no such file or folder",
  ENOSPC: "no space left on the disk",
  ENOTDIR: "a part of the path is a file, expected a folder",
  EPERM: "operation not permitted",
  EROFS: "the file system is read-only",
};

/** The code of a system error, such as ENOENT; null for any other value. */
export function errorCode(error: unknown): string | null {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : null;
}

/**
 * A system error as `path: what: why`, in one line; any other error as it is.
 * @param what What failed, such as "cannot be written".
 */
export function fileError(path: string, what: string, error: unknown): Error {
  const code = errorCode(error);
  if (code !== null) return new Error(`${path}: ${what}: ${reasons[code] ?? oneLine(error)}`, { cause: error });
  return error instanceof Error ? error : new Error(oneLine(error));
}

/** What an error, or anything else that was thrown, says, without line breaks. */
export function oneLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\s+/g, " ").trim();
}
