/** What documents point to is there: files, headings, commands, options. */
import assert from "node:assert/strict"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import path from "node:path"
import { test } from "node:test"
import { ROOT } from "../../../devs/vm/program.ts"

const read = (file: string) => readFileSync(path.join(ROOT, file), "utf8")
const DOCUMENTS = [
    ...readdirSync(ROOT).filter(f => f.endsWith(".md")),
    ...readdirSync(path.join(ROOT, "docs")).map(f => `docs/${f}`),
].filter(f => f.endsWith(".md"))

/** Without what stands in blocks of code. */
const prose = (file: string) => read(file).replace(/^```.*?^```$/gms, "")

/** A heading's anchor, as GitHub makes it. */
const anchor = (heading: string) =>
    heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, "")
        .replace(/ /g, "-")

function headingsOf(file: string): string[] {
    return [...prose(file).matchAll(/^#+ (.+)$/gm)].map(m => anchor(m[1]))
}

for (const document of DOCUMENTS)
    test(`${document}: what it links to is there`, () => {
        for (const [, link] of prose(document).matchAll(/\]\(([^)]+)\)/g)) {
            if (/^https?:/.test(link)) continue
            const [file, heading] = link.split("#")
            const to = file ? path.join(path.dirname(document), file) : document
            assert.ok(existsSync(path.join(ROOT, to)), link)
            if (heading) assert.ok(headingsOf(to).includes(heading), link)
        }
    })

/** All of our tools' sources: an option that none has is misspelt. */
const known = readdirSync(path.join(ROOT, "devs"), {
    recursive: true,
    encoding: "utf8",
})
    .filter(f => /\.(ts|mjs)$/.test(f))
    .map(f => read(path.join("devs", f)))
    .concat('"--help"')
    .join("\n")

for (const document of DOCUMENTS)
    test(`${document}: commands in its text have such names and options`, () => {
        const { scripts } = JSON.parse(read("package.json")) as {
            scripts: Record<string, string>
        }
        for (const [, code] of prose(document).matchAll(
            /`([^`]*\bnpm [^`]*)`/g,
        )) {
            const script = /\bnpm (?:run )?([a-z]+)/.exec(code)?.[1] ?? ""
            assert.ok(scripts[script], code)
            for (const [option] of code.matchAll(/ --[a-z][\w-]*/g))
                assert.ok(known.includes(`"${option.trim()}`), code)
        }
    })

test("multipath's configuration names what the volumes say they are", () => {
    const hosts = read("docs/hosts.md")
    const inquiry = read("src/scsi/inquiry.ts")
    for (const name of ["vendor", "product"]) {
        const said = new RegExp(`const ${name.toUpperCase()} = "(.+)"`).exec(
            inquiry,
        )?.[1]
        assert.ok(hosts.includes(`${name} "${said}"`), said)
    }
})
