// Writes every vector of npm cctv-age into a directory, one file each, as the package has it.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import * as vectors from "cctv-age";

for (const [name, bytes] of Object.entries(vectors.default ?? vectors)) {
  writeFileSync(join(process.argv[2], name), bytes);
}
