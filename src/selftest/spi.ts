/** The SPI bus, and whether each W5500 on it is there, itself, and alone. */
import { Board } from "../board/board"
import { lendBus, transfer } from "../board/bus"
import { BUS_HZ } from "../board/open"
import {
    BLOCK_TX,
    DATA,
    VERSIONR,
    W5500_VERSION,
    WRITE,
} from "../drivers/w5500"
import { Chip, makeChip, readCommon, resetChip } from "../drivers/w5500chip"
import { judge, skip } from "./report"

/** Long or loose wires that fail at full speed may do at this one. */
const SLOW_HZ = 4000000
/** Memory of socket 0 that is written and read back. */
const PATTERN_BYTES = 256
const WORDS = PATTERN_BYTES / 4
const TX0 = BLOCK_TX << 3
/** What a line reads that nobody drives: with a pull-up, or without. */
const UNDRIVEN = [0xff, 0x00]
/** What a W5500 sends while it hears the first bytes of a frame. */
const W5500_HEADER = 0x010203
const RETRY_MS = 20
const RETRIES = 3

/** A W5500 of this board, and what is known of it. */
export interface Tested {
    chip: Chip
    /** as the check's names begin */
    name: string
    /** its chip select, as the board definition has it */
    select: string
    /** its checks so far have passed, and others may use it */
    isGood: boolean
    /** it had our mark when the program began: nothing has reset it */
    wasMarked: boolean
}

const frame = Buffer.alloc(DATA + PATTERN_BYTES)
/** "TWST" */
const mark = hex`54 57 53 54`

export function makeTested(board: Board): Tested[] {
    const { csHome, csPartner, csLink } = board.pins
    const make = (name: string, select: string, cs: typeof csHome): Tested => ({
        chip: makeChip(name, cs, [16], RETRY_MS, RETRIES),
        name,
        select,
        isGood: false,
        wasMarked: false,
    })
    return [
        make("home", "csHome", csHome),
        make("partner", "csPartner", csPartner),
        make("link", "csLink", csLink),
    ]
}

/**
 * Looks whether chips still have the mark of an earlier start. A reset takes it
 * away: it stands in Sn_DIPR of socket 7, which nothing here uses.
 */
export async function readMarks(chips: Tested[]) {
    for (let i = 0; i < chips.length; ++i)
        chips[i].wasMarked = await isMarked(chips[i].chip)
}

/** Sn_DIPR of socket 7, and the block of its registers. */
const MARK_AT = 0x0c
const MARK_BLOCK = (7 * 4 + 1) << 3

async function isMarked(chip: Chip): Promise<boolean> {
    const f = Buffer.alloc(DATA + mark.length)
    f[1] = MARK_AT
    f[2] = MARK_BLOCK
    await transfer(chip.cs, f, f)
    return f.getAt(DATA, "u32") === mark.getAt(0, "u32")
}

async function setMark(chip: Chip) {
    const f = Buffer.alloc(DATA + mark.length)
    f[1] = MARK_AT
    f[2] = MARK_BLOCK | WRITE
    f.blitAt(DATA, mark, 0, mark.length)
    await transfer(chip.cs, f, f)
}

/// A chip's memory ///

function word(tag: number, i: number): number {
    return tag * 0x01010000 + i * 0x0203 + 1
}

async function writePattern(chip: Chip, tag: number) {
    const f = frame
    for (let i = 0; i < WORDS; ++i) f.setAt(DATA + 4 * i, "u32", word(tag, i))
    f[0] = 0
    f[1] = 0
    f[2] = TX0 | WRITE
    await transfer(chip.cs, f, f)
}

/** @returns how many words are right */
async function readPattern(chip: Chip, tag: number): Promise<number> {
    const f = frame
    f.fillAt(0, f.length, 0)
    f[2] = TX0
    await transfer(chip.cs, f, f)
    let right = 0
    for (let i = 0; i < WORDS; ++i)
        if (f.getAt(DATA + 4 * i, "u32") === word(tag, i)) right++
    return right
}

async function holdsPattern(chip: Chip, tag: number): Promise<boolean> {
    await writePattern(chip, tag)
    return (await readPattern(chip, tag)) === WORDS
}

/// Checks ///

/** What a chip answers while the first three bytes of a frame go to it. */
async function readHeader(chip: Chip): Promise<number> {
    const f = Buffer.alloc(DATA + 1)
    f[1] = VERSIONR
    await transfer(chip.cs, f, f)
    return (f[0] << 16) | (f[1] << 8) | f[2]
}

export async function readVersion(chip: Chip): Promise<number> {
    return (await readCommon(chip, VERSIONR, 1))[0]
}

function toHex(byte: number): string {
    return "0x" + Buffer.from([byte]).toString("hex")
}

/** What MISO reads while no chip is selected. */
async function readNobody(): Promise<number> {
    const f = Buffer.alloc(8)
    await lendBus(f)
    for (let i = 1; i < f.length; ++i) if (f[i] !== f[0]) return -1
    return f[0]
}

/**
 * The wires that all chips share.
 * @param cardAnswers the card is on the same bus
 * @returns whether it is worth while to look at single chips
 */
export async function checkBus(
    chips: Tested[],
    cardAnswers: boolean,
): Promise<boolean> {
    const nobody = await readNobody()
    const answering: string[] = []
    let isDriven = false
    for (let i = 0; i < chips.length; ++i) {
        const t = chips[i]
        if ((await readVersion(t.chip)) === W5500_VERSION)
            answering.push(t.name)
        if ((await readHeader(t.chip)) === W5500_HEADER) isDriven = true
    }
    if (cardAnswers) answering.push("card")
    const found = `miso=${nobody < 0 ? "noise" : toHex(nobody)}`
    judge("spi-bus", busFault(nobody, answering, isDriven), found)
    return answering.length > 0
}

function busFault(
    nobody: number,
    answering: string[],
    isDriven: boolean,
): string {
    if (answering.length === 0) {
        if (isDriven)
            return "chips answer and understand nothing: spiMosi is open"
        return nobody === 0xff
            ? "no chip answers: spiSck or spiMosi is open, or no chip has power"
            : "no chip answers and MISO is low: spiMiso is open or shorted to ground"
    }
    // with a pull-up at the card's socket it is high; without it, it floats
    if (nobody !== 0xff && answering.length === 1)
        return (
            `${answering[0]} holds MISO while it is not selected: only it ` +
            "answers. Look at this chip and its module"
        )
    return ""
}

/** Each W5500: its version, its memory, and whether it is alone. */
export async function checkChips(board: Board, chips: Tested[]) {
    for (let i = 0; i < chips.length; ++i) {
        const t = chips[i]
        await resetChip(t.chip)
        const why = await chipFault(board, t, i + 1)
        t.isGood = why === ""
        judge(`${t.name}-spi`, why, `version=${toHex(W5500_VERSION)}`)
    }
    await checkApart(chips)
    for (let i = 0; i < chips.length; ++i)
        if (chips[i].isGood) await setMark(chips[i].chip)
}

async function chipFault(
    board: Board,
    { chip, name, select }: Tested,
    tag: number,
): Promise<string> {
    const version = await readVersion(chip)
    if (version === W5500_VERSION && (await holdsPattern(chip, tag))) return ""
    board.spiConfigure(SLOW_HZ)
    const slowly = await readVersion(chip)
    const isRight = slowly === W5500_VERSION && (await holdsPattern(chip, tag))
    board.spiConfigure(BUS_HZ)
    if (isRight)
        return (
            `right at ${SLOW_HZ / 1000000} MHz and wrong at ` +
            `${BUS_HZ / 1000000} MHz: shorten the SPI wires of the ${name} ` +
            "W5500, and look at its ground and its capacitor"
        )
    if (UNDRIVEN.indexOf(slowly) >= 0)
        return (
            `nothing answers at ${select}: look at ${select}, at the ${name} ` +
            "W5500, its supply and its SPI wires"
        )
    if (slowly !== W5500_VERSION)
        return (
            `version ${toHex(slowly)} in place of ${toHex(W5500_VERSION)}: ` +
            `the ${name} chip is no W5500`
        )
    return `what is written to the ${name} W5500 does not come back: replace it`
}

/** Two selects that reach one chip: it keeps the last of two patterns. */
async function checkApart(chips: Tested[]) {
    const good = chips.filter(t => t.isGood)
    if (good.length < 2) {
        skip("chips-apart", "there are no two W5500s that answer")
        return
    }
    const mixed: string[] = []
    for (let i = 0; i < good.length; ++i)
        for (let k = i + 1; k < good.length; ++k) {
            await writePattern(good[i].chip, i + 1)
            await writePattern(good[k].chip, k + 1)
            if ((await readPattern(good[i].chip, i + 1)) === WORDS) continue
            mixed.push(
                `${good[i].select} and ${good[k].select} select the same ` +
                    "chip: look for a bridge between them",
            )
            good[i].isGood = false
            good[k].isGood = false
        }
    judge("chips-apart", mixed.join("; "))
}
