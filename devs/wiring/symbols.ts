/** Small parts of the drawing, with their wires and labels. */
import { SMALL } from "./layout.ts"
import type { Point, Scene } from "./scene.ts"

/** A part's name and its value. */
export function named(scene: Scene, ref: string): string {
    return `${ref} ${scene.valueOf(ref)}`
}

/**
 * A resistor in a wire that lies.
 * @param isTurned with its end 1 on the right
 */
export function series(
    scene: Scene,
    ref: string,
    [x, y]: Point,
    isTurned = false,
) {
    scene.resistor(ref, [x, y], false, isTurned)
    scene.label([x, y - 11], named(scene, ref), {
        anchor: "middle",
        size: SMALL,
    })
}

/** Drain on the left, at the cable; source on the right; gate at 3.3 V. */
export function mosfet(scene: Scene, ref: string, [x, y]: Point) {
    const [left, right, top] = [x - 30, x + 30, y - 14]
    scene.box({ x: left, y: top, width: 60, height: 28 }, "#fff8e6")
    scene.terminal(`${ref}.D`, [left, y])
    scene.terminal(`${ref}.S`, [right, y])
    scene.terminal(`${ref}.G`, [x, top])
    scene.wire("3V3", [x, top], [x, top - 12])
    scene.rail("3V3", [x, top - 12])
    scene.label([left + 5, y + 4], "D", { size: SMALL })
    scene.label([x, y + 4], ref, { anchor: "middle", isBold: true })
    scene.label([right - 5, y + 4], "S", { size: SMALL, anchor: "end" })
    scene.label([x + 6, top - 5], "G", { size: SMALL })
}

/** From a line up to a supply; end 1 is at the line. */
export function pullUp(
    scene: Scene,
    ref: string,
    [x, y]: Point,
    net: string,
    rail: string,
) {
    scene.wire(net, [x, y], [x, y - 10])
    scene.resistor(ref, [x, y - 30], true, true)
    scene.rail(rail, [x, y - 50])
    scene.label([x + 12, y - 26], named(scene, ref), { size: SMALL })
}

/** From a line down to ground; end 1 is at the line. */
export function down(scene: Scene, ref: string, [x, y]: Point, net: string) {
    scene.wire(net, [x, y], [x, y + 10])
    if (ref.startsWith("R")) scene.resistor(ref, [x, y + 30], true)
    else scene.capacitor(ref, [x, y + 30])
    scene.ground([x, y + 50])
    scene.label([x + 14, y + 34], named(scene, ref), { size: SMALL })
}
