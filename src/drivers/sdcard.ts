/**
 * An SD card in SPI mode: SD Physical Layer Simplified Specification 6.00,
 * chapter 7; commands are named by their numbers as there.
 *
 * Data CRC stays off: to compute one takes a loop over bytes, a hundred times
 * too slow here. Whole blocks go in one transfer each; a read takes several
 * blocks with the gaps between them in one burst and finds the tokens after.
 */
import * as ds from "@devicescript/core"
import { Pin } from "../board/board"
import { SECTOR } from "../wire/card"
import { deselect, lendBus, select, spiXfer, transfer } from "../board/bus"

/** R1, 7.3.2.1 */
export const R1_READY = 0x00

/** Tokens, 7.3.3 */
const TOKEN_BLOCK = 0xfe
const TOKEN_MULTI = 0xfc
const TOKEN_STOP = 0xfd
const RESPONSE_MASK = 0x1f
const RESPONSE_ACCEPTED = 0x05

const COMMAND_BYTES = 6
/** The command, 8 bytes until the response at the latest, 5 of response. */
const COMMAND_SIZE = 24
/**
 * Bytes behind a block that is written: its response, and the time that a
 * card takes to move the block to its buffer. These 60 µs are a fifth of what
 * asking once more costs.
 */
const AFTER_BLOCK = 234
const CRC_SIZE = 2
const WRITE_SIZE = 1 + SECTOR + CRC_SIZE + AFTER_BLOCK
/** Where in a block's transfer its response is. */
const RESPONSE_AT = 1 + SECTOR + CRC_SIZE
/** Four blocks with gaps; 0.54 ms at 31.25 MHz. */
const READ_SIZE = 2112

/** Read access time (4.6.2.1). The bus is held for so long, at most. */
const READ_LIMIT_MS = 100

/** Polls for the end of a read; one takes 0.2 ms, and 6 µs on a quick bench. */
const STOP_POLLS = 5000

/** Why the card does not do what it should. */
export enum CardError {
    None = 0,
    /** nothing answers */
    Absent,
    /** answers, but not as an SD card does */
    NotSd,
    /** never became ready */
    NotReady,
    /** a read was answered with an error token, or not in time */
    Read,
    /** a block was not accepted, or CMD13 reports an error */
    Write,
    /** busy for longer than any card may be */
    Busy,
}

/** The same in words. */
export const CARD_ERRORS = [
    "",
    "there is none",
    "it is not an SD card",
    "it does not become ready",
    "it cannot be read",
    "it cannot be written",
    "it stays busy",
]

export interface Card {
    cs: Pin
    /** sectors of 512 B; 0 as long as there is no card */
    sectors: number
    /** the bus may run this fast with this card, hertz */
    maxHz: number
    /** 1: addresses are block numbers; 512: they are bytes */
    addressUnit: number
    error: CardError
}

export function makeCard(cs: Pin): Card {
    return {
        cs,
        sectors: 0,
        maxHz: 0,
        addressUnit: 1,
        error: CardError.None,
    }
}

/** A command as it is sent, 0xff behind it, and what comes back. */
const command = Buffer.alloc(COMMAND_SIZE)
export const answer = Buffer.alloc(COMMAND_SIZE)
/** Frames that never change: to end a write, to look at the line, CMD13. */
const stopFrame = Buffer.alloc(COMMAND_SIZE)
const askFrame = Buffer.alloc(COMMAND_SIZE)
const statusFrame = Buffer.alloc(COMMAND_SIZE)
/** A block as it is sent: only the data in it change. */
const writeFrame = Buffer.alloc(WRITE_SIZE)
const writeAnswer = Buffer.alloc(WRITE_SIZE)
const readFrame = Buffer.alloc(READ_SIZE)
/** One byte behind the response, where the last command's data begin. */
export let afterResponse = 0

export function fillFrames() {
    writeFrame.fillAt(0, WRITE_SIZE, 0xff)
    writeFrame[0] = TOKEN_MULTI
    const small = [command, stopFrame, askFrame, statusFrame]
    for (let i = 0; i < small.length; ++i)
        small[i].fillAt(0, COMMAND_SIZE, 0xff)
    stopFrame[0] = TOKEN_STOP
    statusFrame.blitAt(0, hex`4d 00 00 00 00`, 0, 5)
}

/**
 * Sends a command and finds its response, within one transfer.
 * @returns R1, or 0xff when there is none
 */
async function sendCommand(index: number, arg: number, crc: number) {
    const c = command
    c[0] = 0x40 | index
    c[1] = arg >> 24
    c[2] = arg >> 16
    c[3] = arg >> 8
    c[4] = arg
    c[5] = crc
    const a = answer
    await spiXfer(c, a)
    for (let i = COMMAND_BYTES; i < COMMAND_SIZE; ++i) {
        const r1 = a[i]
        if (r1 < 0x80) {
            afterResponse = i + 1
            return r1
        }
    }
    return 0xff
}

export async function simple(
    card: Card,
    index: number,
    arg: number,
    crc = 0xff,
) {
    await select(card.cs)
    const r1 = await sendCommand(index, arg, crc)
    deselect(card.cs)
    return r1
}

/** Ends a write or read that a reset has cut off; gives 74 clocks and more. */
export async function leaveTransfer(card: Card) {
    const idle = writeAnswer
    idle.fillAt(0, WRITE_SIZE, 0xff)
    await lendBus(idle)
    await select(card.cs)
    idle.fillAt(0, WRITE_SIZE, 0xff)
    idle[8] = TOKEN_STOP
    await spiXfer(idle, idle)
    // up to 500 ms of programming: a transfer takes 15 ms at 400 kHz
    for (let i = 0; i < 40 && idle[WRITE_SIZE - 1] !== 0xff; ++i) {
        idle.fillAt(0, WRITE_SIZE, 0xff)
        await spiXfer(idle, idle)
    }
    await sendCommand(12, 0, 0x61)
    deselect(card.cs)
}

/** Reads a register that comes as a data block. @returns false: none came */
export async function readRegister(
    card: Card,
    index: number,
    arg: number,
    to: Buffer,
): Promise<boolean> {
    blockSize = to.length
    const error = await readData(card, index, arg, 1, to, 0)
    blockSize = SECTOR
    return error === CardError.None
}

/**
 * CMD12. The card may be busy after it (R1b): then it hears no command, and
 * its zeros look like the answer to one.
 * @returns false: no card answers
 */
async function stopTransfer(): Promise<boolean> {
    const r1 = await sendCommand(12, 0, 0x61)
    for (let i = 0; i < STOP_POLLS; ++i) {
        if (answer[COMMAND_SIZE - 1] === 0xff) break
        await spiXfer(askFrame, answer)
    }
    return r1 !== 0xff
}

/// Reading ///

/** What `take` is doing: where data go, and how much is still to come. */
let readTo: Buffer
let readAt = 0
let blocksMissing = 0
let bytesMissing = 0
/** 512, but for registers */
let blockSize = SECTOR

/** Finds tokens and takes data out of what the card has sent. */
function take(f: Buffer, pos: number, end: number) {
    if (bytesMissing > 0) pos = takeRest(f, pos, end)
    const size = blockSize
    while (blocksMissing > 0 && pos < end) {
        pos = f.indexOf(TOKEN_BLOCK, pos) + 1
        if (pos === 0) return
        bytesMissing = size + CRC_SIZE
        if (end - pos < bytesMissing) {
            takeRest(f, pos, end)
            return
        }
        readTo.blitAt(readAt, f, pos, size)
        readAt += size
        pos += bytesMissing
        bytesMissing = 0
        blocksMissing--
    }
}

/** A part of a block: its end, or as much as there is. @returns behind it */
function takeRest(f: Buffer, pos: number, end: number): number {
    let n = end - pos
    if (n > bytesMissing) n = bytesMissing
    let data = bytesMissing - CRC_SIZE
    if (data > n) data = n
    if (data > 0) {
        readTo.blitAt(readAt, f, pos, data)
        readAt += data
    }
    bytesMissing -= n
    if (bytesMissing === 0) blocksMissing--
    return pos + n
}

/** Whether there is an error token: 0000xxxx among the 0xff of waiting. */
function hasErrorToken(f: Buffer) {
    for (let token = 0; token < 0x10; ++token)
        if (f.indexOf(token) >= 0) return true
    return false
}

/**
 * Reads blocks one after the other. Holds the bus until they are there.
 * @param lba first sector
 * @param to gets the data from byte `at` on
 */
export async function readBlocks(
    card: Card,
    lba: number,
    count: number,
    to: Buffer,
    at: number,
): Promise<CardError> {
    return await readData(card, 18, lba * card.addressUnit, count, to, at)
}

async function readData(
    card: Card,
    index: number,
    arg: number,
    count: number,
    to: Buffer,
    at: number,
): Promise<CardError> {
    readTo = to
    readAt = at
    blocksMissing = count
    bytesMissing = 0
    await select(card.cs)
    const r1 = await sendCommand(index, arg, 0xff)
    if (r1 !== R1_READY) {
        deselect(card.cs)
        return r1 === 0xff ? CardError.Absent : CardError.Read
    }
    const f = readFrame
    const since = ds.millis()
    take(answer, afterResponse, COMMAND_SIZE)
    while (blocksMissing > 0 && ds.millis() - since < READ_LIMIT_MS) {
        const before = blocksMissing
        f.fillAt(0, READ_SIZE, 0xff)
        await spiXfer(f, f)
        take(f, 0, READ_SIZE)
        const isWaiting = bytesMissing === 0 && before === blocksMissing
        if (isWaiting && hasErrorToken(f)) break
    }
    // of a card that is pulled out in mid-block, the rest reads as data of 0xff
    const isThere = index !== 18 || (await stopTransfer())
    deselect(card.cs)
    if (!isThere) return CardError.Absent
    return blocksMissing > 0 ? CardError.Read : CardError.None
}

/// Writing ///

/*
 * A write is: startWrite, writeBlocks until it is Ready, stopWrite, and
 * writeStatus until it is not Busy. While the card is busy it is not selected,
 * and the bus is free for others.
 */

/** The card's answer to a step of a write. */
export enum Step {
    Ready = 0,
    Busy,
    Failed,
}

/** The card was busy when `writeBlocks` left it. */
let wasBusy = false
/** Where `writeBlocks` stopped: bytes of the buffer. */
export let writtenTo = 0

/** Begins a write at a sector. @returns Failed, or Ready: then send blocks */
export async function startWrite(card: Card, lba: number): Promise<Step> {
    wasBusy = false
    const r1 = await simple(card, 25, lba * card.addressUnit)
    return r1 === R1_READY ? Step.Ready : Step.Failed
}

/**
 * Sends blocks for as long as the card is ready; `writtenTo` tells how far it
 * came. Holds the bus meanwhile, 0.4 ms a block: to hand it over between two
 * blocks would cost both sides more than the wait does.
 * @param end where the data end in `from`
 * @returns Ready: all are written, and the card is ready for more
 */
export async function writeBlocks(
    card: Card,
    from: Buffer,
    at: number,
    end: number,
): Promise<Step> {
    const f = writeFrame
    const a = writeAnswer
    let step = Step.Ready
    await select(card.cs)
    if (wasBusy) {
        await spiXfer(askFrame, answer)
        if (answer[COMMAND_SIZE - 1] !== 0xff) step = Step.Busy
    }
    if (step === Step.Ready)
        while (at < end) {
            f.blitAt(1, from, at, SECTOR)
            at += SECTOR
            await spiXfer(f, a)
            if ((a[RESPONSE_AT] & RESPONSE_MASK) !== RESPONSE_ACCEPTED) {
                step = Step.Failed
                break
            }
            if (a[WRITE_SIZE - 1] !== 0xff) {
                step = Step.Busy
                break
            }
        }
    deselect(card.cs)
    wasBusy = step === Step.Busy
    writtenTo = at
    return step
}

/** No more blocks; only when the card is ready. It programs what it has. */
export async function stopWrite(card: Card) {
    await transfer(card.cs, stopFrame, answer)
}

/**
 * Ends a write in which the card has refused a block, or the command. Only
 * CMD12 does that (7.3.3.1); what it had accepted is programmed.
 */
export async function abortWrite(card: Card) {
    await simple(card, 12, 0, 0x61)
}

/**
 * Asks whether all that was written is on the card (CMD13). A card that is
 * still busy holds its line low and does not hear the question.
 */
export async function writeStatus(card: Card): Promise<Step> {
    const a = answer
    await transfer(card.cs, statusFrame, a)
    // not ready from the first bit on: no command was heard
    if (a[0] !== 0xff) return Step.Busy
    // R2 (7.3.2.3): two bytes behind the first that is not 0xff, both zero
    const at = a.indexOf(0, COMMAND_BYTES)
    const isGood = at > 0 && a[at - 1] === 0xff && a[at + 1] === 0
    return isGood ? Step.Ready : Step.Failed
}
