/** Files of matrices in few bits where the machine does not let them be written. */
import { chmod, mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { int8 } from "../quantization/int8.ts";
import { asNobody } from "./folders.cases.ts";
import { emptyHome, sourceOf } from "./quantized.cases.ts";
import { quantizedBase } from "./quantized-base.ts";

const disk = vi.hoisted(() => ({ room: Infinity }));
vi.mock("./pieces.ts", async (original) => {
  const pieces = await original<typeof import("./pieces.ts")>();
  const writeFully: typeof pieces.writeFully = (sink, bytes, position) => {
    disk.room -= bytes.length;
    if (disk.room < 0) return Promise.reject(Object.assign(new Error("write"), { code: "ENOSPC" }));
    return pieces.writeFully(sink, bytes, position);
  };
  return { ...pieces, writeFully };
});
afterEach(() => {
  disk.room = Infinity;
});

describe("where nothing can be kept, a line says so", () => {
  test("a folder that may not be written", async () => {
    const { environment, pathOf } = await emptyHome();
    await mkdir(environment.madeFolder);
    await chmod(join(environment.madeFolder, ".."), 0o755);
    await chmod(environment.madeFolder, 0o555);
    asNobody();
    const base = await quantizedBase(sourceOf(int8).source, { environment });
    expect(base.matrices.size).toBe(0);
    expect(base.warnings).toEqual([
      `${pathOf(int8)}: cannot be written: permission denied; int8 matrices stay in memory`,
    ]);
  });

  test("a folder that cannot be made", async () => {
    const { environment } = await emptyHome();
    await writeFile(environment.madeFolder, "");
    const base = await quantizedBase(sourceOf(int8).source, { environment });
    expect(base.matrices.size).toBe(0);
    expect(base.warnings).toEqual([
      `${environment.madeFolder}: cannot be made (set HF_HOME to a folder that can be written): a file of that name is in the way; int8 matrices stay in memory`,
    ]);
  });

  test("a folder in the file's place, which is left alone", async () => {
    const { environment, pathOf } = await emptyHome();
    await mkdir(join(pathOf(int8), "inside"), { recursive: true });
    const { warnings, matrices: found } = await quantizedBase(sourceOf(int8).source, { environment });
    expect(found.size).toBe(0);
    expect(warnings).toEqual([
      `${pathOf(int8)}: cannot be read: it is a folder, expected a file; it is made anew`,
      `${pathOf(int8)}: cannot be written: it is a folder, expected a file; int8 matrices stay in memory`,
    ]);
    expect(await readdir(environment.madeFolder)).toHaveLength(1);
  });

  test.each([[0], [500], [1000]])("a disk with room for %i bytes, which is given back", async (room) => {
    const { environment, pathOf } = await emptyHome();
    disk.room = room;
    const { matrices: found, warnings } = await quantizedBase(sourceOf(int8).source, { environment });
    expect(found.size).toBe(0);
    expect(warnings).toEqual([
      `${pathOf(int8)}: cannot be written: no space left on the disk; int8 matrices stay in memory`,
    ]);
    expect(await readdir(environment.madeFolder)).toEqual([]);
  });
});
