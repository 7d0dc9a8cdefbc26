// Draws ZPL with zebrash, a renderer that has no part in how our labels are made.
// In: JSON of [{zpl, wide, high, dpmm}], with sizes in dots. Out: JSON of the PNGs of each.
import { readFileSync } from "node:fs";
import { ready } from "zpl-renderer-js";

const { api } = await ready;
const drawn = [];
for (const { zpl, wide, high, dpmm } of JSON.parse(readFileSync(0, "utf8"))) {
  drawn.push(await api.zplToBase64MultipleAsync(zpl, wide / dpmm, high / dpmm, dpmm));
}
process.stdout.write(JSON.stringify(drawn), () => process.exit(0));
