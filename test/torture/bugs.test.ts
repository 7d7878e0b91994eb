/** The planted bugs fit the sources, compile, and leave a pair that works. */
import assert from "node:assert/strict"
import { readdirSync } from "node:fs"
import path from "node:path"
import { test } from "node:test"
import ts from "typescript"
import { bugs } from "../../devs/torture/bugs/index.ts"
import {
    buildPatched,
    buildProgram,
    patchSources,
    ROOT,
} from "../../devs/vm/program.ts"
import {
    assertGood,
    loggedIn,
    mirroredPair,
    pattern,
} from "../support/bench.ts"

const BUGS = path.join(ROOT, "devs/torture/bugs")

test("the index has every file", () => {
    const files = readdirSync(BUGS).map(f => path.basename(f, ".ts"))
    assert.deepEqual(
        [...bugs.map(b => b.slug), "bug", "index"].sort(),
        files.sort(),
    )
})

function messageOf(d: ts.Diagnostic) {
    return ts.flattenDiagnosticMessageText(d.messageText, "\n")
}

/** Checks types of patched sources, in memory: a build of each would take minutes. */
function typeChecker() {
    const config = ts.getParsedCommandLineOfConfigFile(
        path.join(ROOT, "src/tsconfig.json"),
        // a bug may well leave something that nobody uses any more
        { noUnusedLocals: false, noUnusedParameters: false },
        {
            ...ts.sys,
            onUnRecoverableConfigFileDiagnostic: d => assert.fail(messageOf(d)),
        },
    )
    assert.ok(config)
    const { options, fileNames } = config
    const host = ts.createCompilerHost(options)
    const { getSourceFile } = host
    const kept = new Map<string, ts.SourceFile | undefined>()
    let program: ts.Program | undefined
    return (texts: Map<string, string>): string[] => {
        const patched = new Map(
            [...texts].map(([f, text]) => [path.join(ROOT, f), text]),
        )
        host.getSourceFile = (name, language, ...rest) => {
            const text = patched.get(path.normalize(name))
            if (text !== undefined)
                return ts.createSourceFile(name, text, language)
            if (!kept.has(name))
                kept.set(name, getSourceFile(name, language, ...rest))
            return kept.get(name)
        }
        program = ts.createProgram(fileNames, options, host, program)
        const files = [...patched.keys()].map(f => program?.getSourceFile(f))
        return files.flatMap(file => {
            assert.ok(file && program)
            return [
                ...program.getSyntacticDiagnostics(file),
                ...program.getSemanticDiagnostics(file),
            ].map(messageOf)
        })
    }
}

test("every bug fits the sources and has no errors of types", () => {
    const errorsOf = typeChecker()
    for (const { slug, patches } of bugs)
        assert.deepEqual(errorsOf(patchSources(slug, patches)), [], slug)
})

test("a bug that no longer fits says so", () => {
    const file = "src/store/volume.ts"
    for (const [find, times] of [
        ["what was never there", 0],
        ["if (!v.isSaved) return 0", 2],
    ] as const)
        assert.throws(
            () => buildPatched("misfit", [{ file, find, replace: "" }]),
            new RegExp(`^Error: misfit no longer fits ${file}: ${times} times`),
        )
})

test("a pair with a planted bug boots and serves", async () => {
    const bug = bugs.find(b => b.slug === "early-ack")
    assert.ok(bug)
    const program = buildPatched(bug.slug, bug.patches)
    assert.notDeepEqual(program.image, buildProgram().image)
    const bench = mirroredPair({ program })
    const data = pattern(7, 3, 1)
    const read = await bench.runScript(async () => {
        const initiator = await loggedIn(bench)
        assertGood(await initiator.write(7, data))
        return await initiator.read(7, 3)
    })
    assertGood(read)
    assert.deepEqual(read.data, data)
})
