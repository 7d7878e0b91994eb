/** The drawing shows the table, and can be read. */
import assert from "node:assert/strict"
import { test } from "node:test"
import ts from "typescript"
import { KINDS } from "../../../devs/bundle/kinds.ts"
import { wiringOf } from "../../../devs/wiring/nets.ts"
import {
    isOn,
    segments,
    type Box,
    type DrawnNet,
    type Label,
    type Point,
    type Scene,
} from "../../../devs/wiring/scene.ts"
import { drawBoard } from "../../../devs/wiring/svg.ts"

/** Errors of form: SVG without a header is a JSX expression. */
function errorsOfForm(svg: string): string[] {
    const { diagnostics = [] } = ts.transpileModule(`export default ${svg}`, {
        fileName: "drawing.tsx",
        reportDiagnostics: true,
        compilerOptions: { jsx: ts.JsxEmit.Preserve },
    })
    const errors = diagnostics.map(d =>
        ts.flattenDiagnosticMessageText(d.messageText, "\n"),
    )
    if (/&(?!(amp|lt|gt|quot);)/.test(svg)) errors.push("a bare &")
    return errors
}

/** Whether an end of one piece is on the other. */
function touch(a: [Point, Point], b: [Point, Point]): boolean {
    return a.some(e => isOn(e, b)) || b.some(e => isOn(e, a))
}

/** Ends of the wires that hang together with a net's first; a name joins, too. */
function reached(net: DrawnNet): Set<string> {
    const isNamed = (piece: [Point, Point]) =>
        net.names.some(at => isOn(at, piece))
    const [first, ...rest] = segments(net)
    const found = [first]
    let left = rest
    for (let before = -1; before !== left.length;) {
        before = left.length
        left = left.filter(piece => {
            const isJoined = found.some(
                f => touch(f, piece) || (isNamed(f) && isNamed(piece)),
            )
            if (isJoined) found.push(piece)
            return !isJoined
        })
    }
    return new Set(found.flat().map(e => e.join()))
}

/** A label's place, with letters as wide as they are on average. */
function boxOf({ at, text, size, anchor, isUpright, isBold }: Label): Box {
    const length = text.length * size * (isBold ? 0.62 : 0.56)
    const shift = { start: 0, middle: length / 2, end: length }[anchor]
    const [x, y] = at
    const rise = size * 0.75
    return isUpright
        ? { x: x - rise, y: y - length + shift, width: rise, height: length }
        : { x: x - shift, y: y - rise, width: length, height: rise }
}

function overlap(a: Box, b: Box): boolean {
    return (
        a.x < b.x + b.width &&
        b.x < a.x + a.width &&
        a.y < b.y + b.height &&
        b.y < a.y + a.height
    )
}

function boxOfWire([[x1, y1], [x2, y2]]: [Point, Point]): Box {
    return {
        x: Math.min(x1, x2) - 1,
        y: Math.min(y1, y2) - 1,
        width: Math.abs(x1 - x2) + 2,
        height: Math.abs(y1 - y2) + 2,
    }
}

function wiresOf(scene: Scene) {
    return [...scene.nets.values()].flatMap(net =>
        segments(net).map(piece => ({ net: net.name, piece })),
    )
}

for (const kind of Object.keys(KINDS)) {
    const wiring = wiringOf(kind)
    const scene = drawBoard(wiring)
    const svg = scene.svg("a board")

    test(`${kind}: the drawing is well formed, and names every net`, () => {
        assert.deepEqual(errorsOfForm(svg), [])
        for (const { name } of wiring.nets)
            assert.ok(svg.includes(`<g data-net="${name}">`), name)
        assert.equal(scene.nets.size, wiring.nets.length)
        assert.doesNotMatch(svg, /undefined|NaN|href|@import/)
    })

    test(`${kind}: each drawn wire ends where the table says`, () => {
        const terminals = new Map(scene.terminals)
        for (const net of wiring.nets) {
            const ends = reached(scene.nets.get(net.name)!)
            for (const end of net.ends) {
                const at = terminals.get(end)
                assert.ok(at, `${end} is not drawn`)
                assert.ok(ends.has(at.join()), `${end} is not on ${net.name}`)
                terminals.delete(end)
                for (const other of wiresOf(scene))
                    assert.ok(
                        other.net === net.name || !isOn(at, other.piece),
                        `${end} touches ${other.net}`,
                    )
            }
        }
        assert.deepEqual([...terminals.keys()], [])
    })

    test(`${kind}: wires run straight, and none along another`, () => {
        const wires = wiresOf(scene)
        for (const { net, piece } of wires) {
            const [[x1, y1], [x2, y2]] = piece
            assert.ok(x1 === x2 || y1 === y2, `${net} is aslant`)
            for (const other of wires) {
                if (other.net === net) continue
                const crosses =
                    (x1 === x2) !== (other.piece[0][0] === other.piece[1][0])
                const near = overlap(boxOfWire(piece), boxOfWire(other.piece))
                assert.ok(crosses || !near, `${net} along ${other.net}`)
            }
        }
    })

    test(`${kind}: no label is on another, on a wire or across an edge`, () => {
        const labels = scene.labels.map(l => ({ text: l.text, box: boxOf(l) }))
        const page = { x: 0, y: 0, width: scene.width, height: scene.height }
        labels.forEach(({ text, box }, k) => {
            for (const other of labels.slice(k + 1))
                assert.ok(!overlap(box, other.box), `${text} on ${other.text}`)
            for (const { net, piece } of wiresOf(scene))
                assert.ok(
                    !overlap(box, boxOfWire(piece)),
                    `${text} on a wire of ${net}`,
                )
            for (const edge of [page, ...scene.boxes])
                assert.ok(
                    !overlap(box, edge) || isWithin(box, edge),
                    `${text} across an edge`,
                )
        })
    })
}

function isWithin(inner: Box, outer: Box): boolean {
    return (
        inner.x >= outer.x &&
        inner.y >= outer.y &&
        inner.x + inner.width <= outer.x + outer.width &&
        inner.y + inner.height <= outer.y + outer.height
    )
}

test("an error of form is seen", () => {
    assert.notDeepEqual(errorsOfForm("<svg><g></svg>"), [])
    assert.notDeepEqual(errorsOfForm("<svg a=b></svg>"), [])
    assert.notDeepEqual(errorsOfForm("<svg>a & b</svg>"), [])
    assert.deepEqual(errorsOfForm('<svg a="b"><g/>c &amp; d</svg>'), [])
})
