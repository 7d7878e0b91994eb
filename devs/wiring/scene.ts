/** A drawing in the making: wires, parts and labels, and SVG in the end. */
import { COLOURS } from "./nets.ts"

export type Point = readonly [x: number, y: number]

export interface Label {
    at: Point
    text: string
    size: number
    anchor: "start" | "middle" | "end"
    isBold?: boolean
    /** reads from below to above */
    isUpright?: boolean
    rgb?: string
}

export interface Box {
    x: number
    y: number
    width: number
    height: number
}

export interface DrawnNet {
    name: string
    rgb: string
    wires: Point[][]
    /** where its name or its symbol is: that joins wires, too */
    names: Point[]
}

const INK = "#222222"
const FLAG = 8

export class Scene {
    readonly nets = new Map<string, DrawnNet>()
    readonly labels: Label[] = []
    readonly boxes: Box[] = []
    /** where each terminal is */
    readonly terminals = new Map<string, Point>()
    private readonly shapes: string[] = []

    constructor(
        readonly width: number,
        readonly height: number,
        private readonly colourOf: (net: string) => keyof typeof COLOURS,
        /** of a part, to stand beside it */
        readonly valueOf: (ref: string) => string,
    ) {}

    /** A wire of a net along points, each right of, left of, above or below the last. */
    wire(net: string, ...points: Point[]) {
        this.netFor(net).wires.push(points)
    }

    label(at: Point, text: string, style: Partial<Label> = {}) {
        this.labels.push({ at, text, size: 12, anchor: "start", ...style })
    }

    /** The end of a wire that bears its net's name, from below to above. */
    name(net: string, [x, y]: Point) {
        const { names, rgb } = this.netFor(net)
        names.push([x, y])
        this.label([x + 4, y - 6], net, {
            size: 11,
            isBold: true,
            isUpright: true,
            rgb,
        })
    }

    /** A part that is a box. */
    box(box: Box, fill = "#f4f6f8") {
        this.boxes.push(box)
        const { x, y, width, height } = box
        this.shapes.push(
            `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="6" ` +
                `fill="${fill}" stroke="${INK}" stroke-width="1.5"/>`,
        )
    }

    terminal(end: string, at: Point) {
        this.terminals.set(end, at)
    }

    /**
     * A resistor of a length of 40 around a point. Its end 1 is on the left,
     * or above.
     * @param isTurned the other way round
     */
    resistor(ref: string, [x, y]: Point, isUpright: boolean, isTurned = false) {
        const [w, h] = isUpright ? [10, 26] : [26, 10]
        this.twoEnds(ref, [x, y], isUpright, isTurned ? -20 : 20)
        this.leads([x, y], isUpright, 20, 13)
        this.box({ x: x - w / 2, y: y - h / 2, width: w, height: h }, "#ffffff")
    }

    /** An upright capacitor of a length of 40 around a point: 1 above. */
    capacitor(ref: string, [x, y]: Point, isTurned = false) {
        this.twoEnds(ref, [x, y], true, isTurned ? -20 : 20)
        this.leads([x, y], true, 20, 3)
        for (const dy of [-3, 3])
            this.line([x - 9, y + dy], [x + 9, y + dy], 2.5)
    }

    /** A diode of a length of 40 around a point: its anode on the left. */
    diode(ref: string, [x, y]: Point) {
        this.terminal(`${ref}.A`, [x - 20, y])
        this.terminal(`${ref}.K`, [x + 20, y])
        this.leads([x, y], false, 20, 8)
        const [left, right] = [x - 8, x + 8]
        this.shapes.push(
            `<path d="M${left} ${y - 8}V${y + 8}L${right} ${y}Z" fill="${INK}"/>`,
        )
        this.line([right, y - 8], [right, y + 8], 2)
    }

    /** A supply's flag, above a point, with its name. */
    rail(net: string, [x, y]: Point) {
        this.netFor(net).names.push([x, y])
        this.wire(net, [x, y], [x, y - FLAG])
        const { rgb } = this.netFor(net)
        this.line([x - 9, y - FLAG], [x + 9, y - FLAG], 2.5, rgb)
        this.label([x, y - FLAG - 5], net, { size: 11, anchor: "middle", rgb })
    }

    /** The symbol of ground, below a point. */
    ground([x, y]: Point) {
        this.netFor("GND").names.push([x, y])
        this.wire("GND", [x, y], [x, y + FLAG])
        for (const [k, half] of [10, 6, 2].entries()) {
            const at = y + FLAG + 4 * k
            this.line([x - half, at], [x + half, at], 2)
        }
    }

    line([x1, y1]: Point, [x2, y2]: Point, width = 1.5, rgb = INK) {
        this.shapes.push(
            `<path d="M${x1} ${y1}L${x2} ${y2}" stroke="${rgb}" stroke-width="${width}"/>`,
        )
    }

    svg(title: string): string {
        return [
            `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${this.width} ${this.height}" ` +
                `font-family="Helvetica, Arial, sans-serif" fill="none">`,
            `<title>${escape(title)}</title>`,
            `<rect width="${this.width}" height="${this.height}" fill="#ffffff"/>`,
            ...[...this.nets.values()].map(net => this.netSvg(net)),
            ...this.shapes,
            ...this.labels.map(labelSvg),
            "</svg>",
            "",
        ].join("\n")
    }

    private netFor(name: string): DrawnNet {
        let net = this.nets.get(name)
        if (!net) {
            const { rgb } = COLOURS[this.colourOf(name)]
            net = { name, rgb, wires: [], names: [] }
            this.nets.set(name, net)
        }
        return net
    }

    private twoEnds(
        ref: string,
        [x, y]: Point,
        isUpright: boolean,
        half: number,
    ) {
        this.terminal(`${ref}.1`, isUpright ? [x, y - half] : [x - half, y])
        this.terminal(`${ref}.2`, isUpright ? [x, y + half] : [x + half, y])
    }

    private leads(
        [x, y]: Point,
        isUpright: boolean,
        outer: number,
        inner: number,
    ) {
        for (const sign of [-1, 1])
            if (isUpright)
                this.line([x, y + sign * outer], [x, y + sign * inner])
            else this.line([x + sign * outer, y], [x + sign * inner, y])
    }

    private netSvg(net: DrawnNet): string {
        const d = net.wires
            .map(([first, ...rest]) =>
                [
                    `M${first.join(" ")}`,
                    ...rest.map(p => `L${p.join(" ")}`),
                ].join(""),
            )
            .join("")
        const dots = junctions(net).map(
            ([x, y]) =>
                `<circle cx="${x}" cy="${y}" r="3.5" fill="${net.rgb}"/>`,
        )
        return (
            `<g data-net="${escape(net.name)}"><title>${escape(net.name)}</title>` +
            `<path d="${d}" stroke="${net.rgb}" stroke-width="2"/>${dots.join("")}</g>`
        )
    }
}

/** The straight pieces of a net's wires. */
export function segments(net: DrawnNet): [Point, Point][] {
    return net.wires.flatMap(wire =>
        wire.slice(1).map((p, k): [Point, Point] => [wire[k], p]),
    )
}

/** Whether a point is on a straight piece of wire. */
export function isOn([x, y]: Point, [[x1, y1], [x2, y2]]: [Point, Point]) {
    return (
        x >= Math.min(x1, x2) &&
        x <= Math.max(x1, x2) &&
        y >= Math.min(y1, y2) &&
        y <= Math.max(y1, y2)
    )
}

/** Where three or more pieces of a net meet: those get a dot. */
function junctions(net: DrawnNet): Point[] {
    const pieces = segments(net)
    const ends = new Map<string, Point>()
    for (const p of pieces.flat()) ends.set(p.join(), p)
    return [...ends.values()].filter(p => {
        const arms = pieces.reduce((n, piece) => {
            if (!isOn(p, piece)) return n
            return n + (piece.some(e => e.join() === p.join()) ? 1 : 2)
        }, 0)
        return arms > 2
    })
}

function escape(text: string): string {
    const names: Record<string, string> = {
        "&": "&amp;",
        "<": "&lt;",
        ">": "&gt;",
        '"': "&quot;",
    }
    return text.replace(/[&<>"]/g, c => names[c])
}

function labelSvg(label: Label): string {
    const { at, text, size, anchor, isBold, isUpright, rgb } = label
    const [x, y] = at
    return (
        `<text x="${x}" y="${y}" font-size="${size}" text-anchor="${anchor}" ` +
        `fill="${rgb ?? INK}"` +
        (isBold ? ' font-weight="bold"' : "") +
        (isUpright ? ` transform="rotate(-90 ${x} ${y})"` : "") +
        `>${escape(text)}</text>`
    )
}
