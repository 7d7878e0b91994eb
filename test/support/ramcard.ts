/**
 * Stands in for src/drivers/sdcard.ts: a card of memory that is slow, busy and
 * faulty as a test wants, without SPI.
 */
import type { Card } from "../../src/drivers/sdcard.ts"
import { bytes, zeros } from "./devicescript.ts"

const { CardError, makeCard, Step } =
    await import("../../src/drivers/sdcard.ts")
export { CardError, makeCard, Step }

const SECTOR = 512

/** What the card does, for a test to change and to look at. */
export const ram = {
    sectors: new Map<number, string>(),
    /** whether the next step finds the card busy, or fails */
    isBusy: () => false,
    fails: () => false,
    /** a sector that cannot be read until it is written to */
    failsAt: -1,
    /** called with each sector that is about to be on the card */
    beforeWrite: (_lba: number, _data: string) => {},
    /** waits as long as a transfer takes */
    transfer: () => new Promise<void>(resolve => setImmediate(resolve)),
}

/** Sector that is written next; there is a write under way. */
let writing: number | undefined
/** The last block has left the card busy. */
let wasBusy = false

/** A blank card that does what it should. */
export function newCard() {
    ram.sectors.clear()
    ram.isBusy = () => false
    ram.fails = () => false
    ram.failsAt = -1
    ram.beforeWrite = () => {}
    writing = undefined
    wasBusy = false
}

export async function readBlocks(
    _card: Card,
    lba: number,
    count: number,
    to: Buffer,
    at: number,
) {
    await ram.transfer()
    if (writing !== undefined) throw new Error("read in the midst of a write")
    if (ram.fails() || (lba <= ram.failsAt && ram.failsAt < lba + count))
        return CardError.Read
    for (let i = 0; i < count; i++) {
        const data = ram.sectors.get(lba + i)
        const from = data === undefined ? zeros(SECTOR) : bytes(data)
        to.blitAt(at + i * SECTOR, from, 0, SECTOR)
    }
    return CardError.None
}

export async function startWrite(_card: Card, lba: number) {
    await ram.transfer()
    if (writing !== undefined) throw new Error("write in the midst of a write")
    wasBusy = false
    if (ram.fails()) return Step.Failed
    writing = lba
    return Step.Ready
}

export let writtenTo = 0

export async function writeBlocks(
    _card: Card,
    from: Buffer,
    at: number,
    end: number,
) {
    let step = Step.Ready
    await ram.transfer()
    if (writing === undefined) throw new Error("data outside a write")
    if (wasBusy && ram.isBusy()) step = Step.Busy
    while (step === Step.Ready && at < end) {
        await ram.transfer()
        at += SECTOR
        if (ram.fails()) step = Step.Failed
        else {
            const data = from.slice(at - SECTOR, at).toString("hex")
            ram.beforeWrite(writing, data)
            ram.sectors.set(writing, data)
            if (ram.failsAt === writing) ram.failsAt = -1
            writing++
            if (ram.isBusy()) step = Step.Busy
        }
    }
    wasBusy = step === Step.Busy
    writtenTo = at
    return step
}

export async function stopWrite(_card: Card) {
    await ram.transfer()
    if (wasBusy) throw new Error("a busy card does not hear the end")
    writing = undefined
}

export async function abortWrite(_card: Card) {
    await ram.transfer()
    writing = undefined
}

export async function writeStatus(_card: Card) {
    await ram.transfer()
    if (ram.isBusy()) return Step.Busy
    return ram.fails() ? Step.Failed : Step.Ready
}
