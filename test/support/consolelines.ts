/**
 * What the firmware can say on its console, read from its sources: the texts
 * of `event(...)`, and of the errors that settings throw.
 */
import { readdirSync, readFileSync } from "node:fs"
import path from "node:path"
import ts from "typescript"
import { ROOT } from "../../devs/vm/program.ts"

/** Files whose errors end on the console as they are. */
const THROWING = ["src/settings.ts"]

/** What stands for a part of a line that is not known from the sources. */
const ANY = "(.+)"

export class ConsoleLines {
    private readonly patterns: RegExp[] = []
    /** all texts in the sources: what a part of a line may be */
    private readonly texts = new Set<string>()

    constructor() {
        const src = path.join(ROOT, "src")
        for (const f of readdirSync(src, { recursive: true, encoding: "utf8" }))
            if (f.endsWith(".ts")) this.read(path.join("src", f))
    }

    /**
     * Whether the firmware can say a line. In it, words in capitals stand for
     * what differs each time, as NAME and WHY do; numbers stand for numbers.
     */
    has(line: string): boolean {
        return this.patterns.some(p => {
            const parts = p.exec(line)?.slice(1)
            return !!parts && parts.every(part => this.canBe(part))
        })
    }

    private canBe(part: string): boolean {
        const isPlaceholder = /^([A-Z]+|[ab]|\d+)$/.test(part)
        return isPlaceholder || this.texts.has(part)
    }

    private read(file: string) {
        const text = readFileSync(path.join(ROOT, file), "utf8")
        const source = ts.createSourceFile(
            file,
            text,
            ts.ScriptTarget.Latest,
            true,
        )
        const tables = tablesIn(source)
        const visit = (node: ts.Node) => {
            if (ts.isStringLiteralLike(node)) this.texts.add(node.text)
            const said = saidBy(node, file)
            if (said)
                for (const p of patternsOf(said, tables))
                    this.patterns.push(new RegExp(`^${p}$`))
            ts.forEachChild(node, visit)
        }
        visit(source)
    }
}

/** @returns what a call of `event`, or a new error, says */
function saidBy(node: ts.Node, file: string): ts.Expression | undefined {
    const isEvent = ts.isCallExpression(node) && isNamed(node, "event")
    const isError =
        ts.isNewExpression(node) &&
        isNamed(node, "Error") &&
        THROWING.includes(file)
    return isEvent || isError ? node.arguments?.[0] : undefined
}

function isNamed(
    { expression }: ts.CallExpression | ts.NewExpression,
    s: string,
) {
    return ts.isIdentifier(expression) && expression.text === s
}

/** Arrays of texts, by name: `WHY[why]` is one of them. */
function tablesIn(source: ts.SourceFile): Map<string, string[]> {
    const tables = new Map<string, string[]>()
    for (const statement of source.statements) {
        if (!ts.isVariableStatement(statement)) continue
        for (const { name, initializer } of statement.declarationList
            .declarations)
            if (initializer && ts.isArrayLiteralExpression(initializer))
                tables.set(
                    name.getText(),
                    initializer.elements
                        .filter(ts.isStringLiteralLike)
                        .map(e => e.text),
                )
    }
    return tables
}

const quoted = (text: string) => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")

/** @returns regular expressions, one of which what an expression is matches */
function patternsOf(e: ts.Expression, tables: Map<string, string[]>): string[] {
    const of = (x: ts.Expression) => patternsOf(x, tables)
    const both = (xs: string[], ys: string[]) =>
        xs.flatMap(x => ys.map(y => x + y))
    if (ts.isParenthesizedExpression(e)) return of(e.expression)
    if (ts.isStringLiteralLike(e)) return [quoted(e.text)]
    if (ts.isConditionalExpression(e))
        return [...of(e.whenTrue), ...of(e.whenFalse)]
    if (
        ts.isBinaryExpression(e) &&
        e.operatorToken.kind === ts.SyntaxKind.PlusToken
    )
        return both(of(e.left), of(e.right))
    if (ts.isTemplateExpression(e))
        return e.templateSpans.reduce(
            (all, span) =>
                both(both(all, of(span.expression)), [
                    quoted(span.literal.text),
                ]),
            [quoted(e.head.text)],
        )
    const table =
        ts.isElementAccessExpression(e) && tables.get(e.expression.getText())
    if (table && table.length) return table.filter(Boolean).map(quoted)
    return [ANY]
}
