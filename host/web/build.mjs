/* build.mjs - the page as five small files, from src/ and static/; fails where they are too large.
 *
 * usage: node build.mjs OUTDIR [--watch]
 *
 * SPDX-License-Identifier: MIT */
import { cpSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import * as esbuild from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const LIMIT = 150_000; /* bytes, compressed: what a slow radio link loads in a few seconds */
const [out = 'dist', flag] = process.argv.slice(2);

/* MIT asks for the names to stay with each copy; minifying would lose them. */
const notice = `/* voltbus dashboard. SPDX-License-Identifier: MIT
 * with Preact, Copyright (c) 2015-present Jason Miller, and uPlot, Copyright (c) 2022 Leon Sorokin, both MIT */`;

const options = {
    absWorkingDir: here,
    entryPoints: { app: 'src/app.tsx' },
    outdir: out.startsWith('/') ? out : join(process.cwd(), out),
    bundle: true,
    minify: true,
    target: ['es2020', 'chrome100', 'firefox100', 'safari15'],
    jsx: 'automatic',
    jsxImportSource: 'preact',
    legalComments: 'none',
    banner: { js: notice, css: notice },
    logLevel: 'warning',
};

mkdirSync(options.outdir, { recursive: true });
cpSync(join(here, 'static'), options.outdir, { recursive: true });
if (flag === '--watch') {
    await (await esbuild.context(options)).watch();
} else {
    await esbuild.build(options);
    let total = 0;
    for (const name of readdirSync(options.outdir).sort()) {
        const bytes = readFileSync(join(options.outdir, name));
        const packed = gzipSync(bytes, { level: 9 }).length;
        total += packed;
        console.log(`${name.padEnd(22)} ${String(bytes.length).padStart(7)} B, gzip ${String(packed).padStart(6)} B`);
    }
    console.log(`${'together'.padEnd(22)} ${''.padStart(7)}    gzip ${String(total).padStart(6)} B`);
    if (total > LIMIT) {
        console.error(`build: the page has ${total} bytes compressed, more than ${LIMIT}`);
        process.exit(1);
    }
}
