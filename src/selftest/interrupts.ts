/**
 * Each W5500's interrupt line. The chip is made to send a datagram to an
 * address that nobody has: it asks for it by ARP, in vain, and says so (TIMEOUT
 * in Sn_IR). That takes no cable.
 */
import { Board, Pin } from "../board/board"
import { readPin } from "../board/bus"
import { close, poll, RCR, RTR, sendByte } from "../drivers/w5500"
import { ADDRESS_SIZE, setAddress, writeCommon } from "../drivers/w5500chip"
import { judge, skip } from "./report"
import { Tested } from "./spi"
import { until } from "./pause"

/** ARP is asked twice, 3 ms apart; RTR counts tenths of a millisecond. */
const ASK = Buffer.from([0, 30, 1])
const LIMIT_MS = 100

/** Nobody's MAC, mask and IP while the chip asks: 169.254.77.2x */
const NOBODY = hex`00 00 00 00 ff ff ff 00 02 53 54 00 00 20 a9 fe 4d 20`
const IP_END = ADDRESS_SIZE - 1
const MAC_END = 13
/** 169.254.77.99 */
const ASKED = Buffer.from([169, 254, 77, 99])

interface Line {
    pin: Pin
    name: string
}

/** Interrupt pins in the order of the chips. */
function linesOf({ pins }: Board): Line[] {
    return [
        { pin: pins.intHome, name: "intHome" },
        { pin: pins.intPartner, name: "intPartner" },
        { pin: pins.intLink, name: "intLink" },
    ]
}

/** The levels of all lines, a bit each. */
function levels(lines: Line[]): number {
    let bits = 0
    for (let i = 0; i < lines.length; ++i)
        if (readPin(lines[i].pin)) bits |= 1 << i
    return bits
}

/** Makes each chip pull its line, and looks which falls. */
export async function checkInterrupts(board: Board, chips: Tested[]) {
    const lines = linesOf(board)
    for (let i = 0; i < chips.length; ++i) {
        const { name, isGood } = chips[i]
        if (isGood) await checkInterrupt(chips, lines, i)
        else skip(`${name}-int`, `the ${name} W5500 comes first`)
    }
}

async function checkInterrupt(chips: Tested[], lines: Line[], i: number) {
    const t = chips[i]
    const before = levels(lines)
    await provoke(t, i)
    await until(() => levels(lines) !== before, LIMIT_MS)
    const during = levels(lines)
    await calm(t)
    const after = levels(lines)
    const why = lineFault(chips, lines, i, before, during, after)
    judge(`${t.name}-int`, why)
    // it may be another chip than the one that was meant
    if (before & ~during & ~(1 << i)) t.isGood = false
}

async function provoke({ chip }: Tested, i: number) {
    const address = NOBODY.slice(0)
    address[IP_END] = address[IP_END] + i
    address[MAC_END] = address[MAC_END] + i
    await setAddress(chip, address)
    await writeCommon(chip, RTR, ASK)
    await sendByte(chip.sockets[0], ASKED)
}

async function calm({ chip }: Tested) {
    const s = chip.sockets[0]
    await close(s)
    await poll(s)
    await setAddress(chip, Buffer.alloc(ADDRESS_SIZE))
    await writeCommon(chip, RTR, chip.image.slice(RTR, RCR + 1))
}

function lineFault(
    chips: Tested[],
    lines: Line[],
    i: number,
    before: number,
    during: number,
    after: number,
): string {
    const own = 1 << i
    const { name, select } = chips[i]
    const line = lines[i].name
    if ((before & own) === 0)
        return `${line} is low without an interrupt: shorted to ground?`
    const fell = before & ~during
    if (fell === own) {
        if (after & own) return ""
        return `${line} stays low when the interrupt is cleared`
    }
    if (fell === 0)
        return (
            `${line} stays high at an interrupt of the ${name} W5500: the ` +
            `wire from its INT to ${line} is open`
        )
    const others: string[] = []
    for (let k = 0; k < lines.length; ++k)
        if (k !== i && fell & (1 << k))
            others.push(
                fell & own
                    ? lines[k].name
                    : `${lines[k].name}, or ${chips[k].select}`,
            )
    const theirs = others.join(" and ")
    return fell & own
        ? `${line} and ${theirs} fall together: look for a bridge`
        : `${theirs} is swapped with ${line}, or ${select}: not ${line} fell`
}
