// Builds static/css and static/js from assets/. Run with `make assets`.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { build } from "esbuild";
import { compile } from "sass";

const write = (path, text) => {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${text.replace(/\n?\/[/*]# sourceMappingURL=.*$/gm, "").trim()}\n`);
};

const css = compile("assets/uplift.scss", { loadPaths: ["node_modules", "assets"], style: "compressed", quietDeps: true });
if (/@font-face|url\(/.test(css.css)) throw new Error("The style sheet must not bring fonts or images.");
write("static/css/uplift.css", css.css);

const bundle = async (entry) => {
  const result = await build({
    entryPoints: [entry],
    bundle: true,
    minify: true,
    format: "iife",
    target: "es2020",
    write: false,
    legalComments: "none",
  });
  return result.outputFiles[0].text;
};
write("static/js/uplift.js", await bundle("assets/uplift.js"));
