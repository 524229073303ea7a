/** Downloads, and other work on files of models, as progress. */
import type { DownloadProgress } from "../hub/download.ts";
import { formatBytes } from "./format.ts";
import type { ProgressStream } from "./progress.ts";

/** Reports each file: a line that is rewritten on a terminal, one line when it is whole elsewhere. */
export function downloadProgress(stream: ProgressStream): (progress: DownloadProgress) => void {
  return ({ file, work = "downloading", received, total }) => {
    const whole = received === total;
    const text = `${work} ${file}  ${formatBytes(received)}${total ? ` of ${formatBytes(total)}` : ""}`;
    if (stream.isTTY) stream.write(`\r\u001b[2K${text}${whole ? "\n" : ""}`);
    else if (whole) stream.write(`${text}\n`);
  };
}
