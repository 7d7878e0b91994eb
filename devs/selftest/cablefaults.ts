/** Faults of the wires between the boards, and of the network cables. */
import { DoorPin } from "../../src/board/door.ts"
import { other, type BoardName, type Pair } from "../bench/pair.ts"
import type { WireEnd } from "../bench/wires.ts"
import type { Named, WiringFault } from "./fault.ts"

/** Faster than any crystal is off, and slow enough to be understood. */
const CLOCK_RATE = 1.04

type Break = (pair: Pair, board: BoardName) => void

function fault(
    name: string,
    about: string,
    apply: Break,
    own: Named,
    partner: Named = {},
): WiringFault {
    return { name, about, apply, own, partner }
}

const wires = (pair: Pair, board: BoardName) =>
    pair.nodes[board].board.wiring.wires

/** A wire is open where it leaves a pin. */
const open =
    (pin: DoorPin): Break =>
    (pair, board) =>
        delete wires(pair, board)[pin]

/** A pin is shorted. */
const short =
    (pin: DoorPin, level: 0 | 1): Break =>
    (pair, board) =>
        (wires(pair, board)[pin]!.short = level)

/** The end of the partner's fence: this board's reset line. */
function resetLine(pair: Pair, board: BoardName): WireEnd {
    return pair.wire(`fence-${other(board)}`)[0].b
}

const BEATS: WiringFault[] = [
    fault(
        "beatOut-open",
        "the wire is open at beatOut",
        open(DoorPin.BeatOut),
        { "beat-out": /wire from beatOut/ },
        { "beat-in": /partner's beatOut is open/ },
    ),
    fault(
        "beatIn-open",
        "the wire is open at beatIn",
        open(DoorPin.BeatIn),
        { "beat-in": /partner's beatOut is open/ },
        { "beat-out": /wire from beatOut/ },
    ),
    fault(
        "beatIn-high",
        "beatIn is shorted to the supply",
        short(DoorPin.BeatIn, 1),
        { "pins-free": /beatIn is high/ },
    ),
    fault(
        "beatIn-low",
        "beatIn is shorted to ground",
        short(DoorPin.BeatIn, 0),
        { "pins-free": /beatIn is low/ },
    ),
    fault(
        "beatOut-high",
        "beatOut is shorted to the supply",
        short(DoorPin.BeatOut, 1),
        { "pins-free": /beatOut is high/ },
        { "beat-in": /shorted to the supply/ },
    ),
    fault(
        "beatOut-low",
        "beatOut is shorted to ground",
        short(DoorPin.BeatOut, 0),
        { "pins-free": /beatOut is low/ },
        { "beat-in": /shorted to ground/ },
    ),
    {
        name: "beat-cable-low",
        about: "in the cable, the wire from beatOut touches ground",
        plugged: (pair, board, isIn) => {
            pair.wire(`beat-${board}`)[0].stuck = isIn ? 0 : undefined
        },
        own: { "beat-out": /wire from beatOut/ },
        partner: { "beat-in": /shorted to ground/ },
    },
    {
        name: "beat-cable-high",
        about: "in the cable, the wire from beatOut touches the supply",
        plugged: (pair, board, isIn) => {
            pair.wire(`beat-${board}`)[0].stuck = isIn ? 1 : undefined
        },
        own: { "beat-out": /wire from beatOut/ },
        partner: { "beat-in": /shorted to the supply/ },
    },
    fault(
        "beats-uncrossed",
        "the cable joins beatOut to beatOut, and beatIn to beatIn",
        (pair, board) => {
            const partner = wires(pair, other(board))
            partner[DoorPin.BeatOut] = pair.wire(`beat-${board}`)[0].b
            partner[DoorPin.BeatIn] = pair.wire(`beat-${other(board)}`)[0].a
        },
        { "beat-in": /not crossed/ },
        { "beat-in": /not crossed/ },
    ),
    {
        name: "clock-fast",
        about: "a crystal that is 4 % too fast",
        bench: board => ({
            clockRate:
                board === "a"
                    ? { a: CLOCK_RATE, b: 1 }
                    : { a: 1, b: CLOCK_RATE },
        }),
        own: { "beat-timing": /crystals/ },
        partner: { "beat-timing": /crystals/ },
    },
]

const FENCES: WiringFault[] = [
    fault(
        "fence-open",
        "the wire is open at fence, or at the partner's reset line",
        open(DoorPin.Fence),
        { "fence-out": /wire to its reset is open/ },
        { "fence-in": /wire to its reset line is open/ },
    ),
    fault(
        "fence-reset-open",
        "the fence reaches the pull-up of the partner, and no chip there",
        (pair, board) => {
            const { wiring } = pair.nodes[other(board)].board
            wiring.resetsProcessor = false
            wiring.resets = []
        },
        { "fence-out": /wire from fence to its reset line is open/ },
        { "fence-in": /wire to its reset line is open/ },
    ),
    fault(
        "fence-high",
        "fence is shorted to the supply",
        short(DoorPin.Fence, 1),
        { "pins-free": /fence is high/ },
    ),
    {
        name: "fence-low",
        about: "fence is shorted to ground",
        apply: short(DoorPin.Fence, 0),
        own: { "pins-free": /fence is low/ },
        partnerIsDead: true,
    },
    {
        name: "reset-low",
        about: "the partner's reset line is shorted to ground",
        apply: (pair, board) => (resetLine(pair, other(board)).short = 0),
        own: { "fence-out": /fence is low: .*reset/ },
        partnerIsDead: true,
    },
    {
        name: "pull-up-missing",
        about: "the partner's reset line has no 10 kΩ pull-up",
        apply: (pair, board) =>
            (pair.nodes[other(board)].board.wiring.hasPullUp = false),
        own: { "fence-out": /10 kΩ pull-up .* missing/ },
        partnerIsDead: true,
    },
    fault(
        "fence-run-only",
        "the fence resets the partner's processor, and none of its W5500s",
        (pair, board) => (pair.nodes[other(board)].board.wiring.resets = []),
        { "fence-out": /RSTn of the W5500s/ },
        {
            "fence-in": /RSTn/,
            "home-reset": /RSTn/,
            "partner-reset": /RSTn/,
            "link-reset": /RSTn/,
        },
    ),
    fault(
        "fence-chips-only",
        "the fence resets the partner's W5500s, and not its processor",
        (pair, board) =>
            (pair.nodes[other(board)].board.wiring.resetsProcessor = false),
        { "fence-out": /RUN is not wired/ },
        { "fence-in": /wire RUN/ },
    ),
    fault(
        "fence-own-reset",
        "fence is wired to its own board's reset line",
        (pair, board) => {
            wires(pair, board)[DoorPin.Fence] = resetLine(pair, board)
        },
        { "pins-free": /fence is high .*another part of this board/ },
    ),
    {
        name: "fence-cable-own-reset",
        about: "the cable joins fence to its own board's reset line",
        plugged: (pair, board, isIn) => {
            const own = wires(pair, board)
            if (isIn) own[DoorPin.Fence] = resetLine(pair, board)
            else delete own[DoorPin.Fence]
        },
        own: { "fence-out": /wired to its own reset/ },
        partner: { "fence-in": /resets the partner/ },
    },
]

const OTHERS: WiringFault[] = [
    fault(
        "present-open",
        "the wire is open at present",
        open(DoorPin.Present),
        {
            present: /present is high/,
        },
    ),
    fault(
        "present-low",
        "present is shorted to ground",
        short(DoorPin.Present, 0),
        { "pins-free": /present is low/ },
    ),
    fault(
        "home-lan-out",
        "the home port has no LAN cable",
        (pair, board) => pair.lan.cut(pair.nodes[board].home, true),
        { "home-lan": /home port: look at its LAN cable/ },
    ),
    fault(
        "partner-lan-out",
        "the partner port has no LAN cable",
        (pair, board) => pair.lan.cut(pair.nodes[board].partner, true),
        { "partner-lan": /partner port: look at its LAN cable/ },
    ),
    fault(
        "link-out",
        "the link cable is out",
        pair => pair.cut("link", true),
        { "link-cable": /link cable/ },
        { "link-cable": /link cable/ },
    ),
    fault(
        "link-bad",
        "the link cable changes a byte of each message",
        pair => {
            pair.cable.fault = p => {
                if (!("data" in p) || !p.data.length) return p
                const data = Uint8Array.from(p.data)
                data[data.length >> 1] ^= 1
                return { ...p, data }
            }
        },
        { "link-data": /replace the cable/ },
        { "link-data": /replace the cable/ },
    ),
    fault(
        "link-deaf",
        "a pair of wires in the link cable carries nothing",
        (pair, board) => {
            pair.cable.fault = (p, from) =>
                from === pair.nodes[board].link ? undefined : p
        },
        { "link-data": /nothing comes over it/ },
        { "link-data": /nothing comes over it/ },
    ),
]

export const CABLE_FAULTS = [...BEATS, ...FENCES, ...OTHERS]
