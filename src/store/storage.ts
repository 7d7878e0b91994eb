/**
 * The fiber that owns the card: reads for sessions, flushes the write logs
 * behind, and keeps the superblock. One job after the other: while it reads,
 * no log entry can vanish between log and card.
 */
import * as ds from "@devicescript/core"
import { event } from "../console/events"
import {
    abortWrite,
    Card,
    CardError,
    readBlocks,
    startWrite,
    Step,
    stopWrite,
    writeBlocks,
    writeStatus,
    writtenTo,
} from "../drivers/sdcard"
import {
    copiesInLog,
    isCopy,
    isMarking,
    LOG_MASK,
    Mode,
    readable,
    setDurable,
    Volume,
} from "./volume"
import { SECTOR } from "../wire/card"
import { pool } from "./pool"
import { progress, stopYielding } from "./progress"
import {
    mapImage,
    mapSaved,
    mapToSave,
    markEntries,
    nextMapLba,
} from "./dirtymap"
import { saved, saveNext, superblockLba, superblockSector } from "./superblock"

/** The specification's 500 ms for SDXC, and some. */
const BUSY_LIMIT_MS = 600
/** What a card refuses is tried so often. */
const TRIES = 3
/** Entries that go to the card in one command when they are neighbours. */
const MAX_BATCH = 8

export enum ReadState {
    Idle = 0,
    Queued,
    Done,
    Failed,
    /** the partner had the data; this card cannot be read there */
    Fetched,
}

/** A read of up to eight blocks into a run of the pool. */
export interface ReadJob {
    volume: Volume
    lba: number
    count: number
    run: number
    readState: ReadState
}

let card: Card
let volumes: Volume[]
const reads: ReadJob[] = []
/** Reads that this card has failed, of volumes that the partner has, too: they
 * are queued for that. */
export const unreadable: ReadJob[] = []
let fiber: ds.Fiber
/** what the fiber waits for, when it does not work */
let isWaitingForWork = false
let isWaitingForTurn = false
/** flush after the next read, though more reads wait */
let flushNext = false
/** the card does not work any more */
let hasFailed = false

/** Whether the card has failed; volumes on it are then without service. */
export function cardHasFailed() {
    return hasFailed
}

/** Starts the fiber. The card must be up. */
export function startStorage(c: Card, v: Volume[]) {
    card = c
    volumes = v
    hasFailed = false
    fiber = run.start()
}

/** Queues a read. `readState` tells when it is done; the board is woken. */
export function queueRead(job: ReadJob) {
    job.readState = ReadState.Queued
    reads.push(job)
    wakeStorage()
}

/** There is something to flush or to save. */
export function wakeStorage() {
    if (!isWaitingForWork) return
    isWaitingForWork = false
    fiber.resume(0)
}

/** Whether the fiber has work that needs the bus now. */
export function storageIsWorking(): boolean {
    return !isWaitingForWork && !isWaitingForTurn
}

/** The main loop has gone round: the card may be looked at again. */
export function endTurn() {
    if (!isWaitingForTurn) return
    isWaitingForTurn = false
    fiber.resume(0)
}

async function run() {
    for (;;) {
        if (hasFailed) await failReads()
        // a new epoch comes after the map that belongs to it
        else if (mapToSave() >= 0) await saveMap()
        else if (saveNext()) await save()
        else if (reads.length && !flushNext) await readNext()
        else if (!(await flush()) && !reads.length) {
            isWaitingForWork = true
            await ds.suspend()
        }
    }
}

/// Reading ///

async function readNext() {
    const job = reads.shift() as ReadJob
    const v = job.volume
    flushNext = true
    const at = job.run * SECTOR
    let error = CardError.None
    if (!isWhollyInLog(job))
        error = await readCard(v.firstLba + job.lba, job.count, at)
    if (error !== CardError.None && !hasFailed && v.mode === Mode.Mirrored) {
        unreadable.push(job)
        return
    }
    overlay(job)
    job.readState = error === CardError.None ? ReadState.Done : ReadState.Failed
    progress()
}

async function readCard(
    lba: number,
    count: number,
    at: number,
): Promise<CardError> {
    let error = CardError.None
    for (let i = 0; i < TRIES; ++i) {
        error = await readBlocks(card, lba, count, pool, at)
        if (error === CardError.None) return error
        // it may have held the bus for long: before the next attempt the main
        // loop ends the round that had to wait, and goes round once
        await turn()
        await turn()
    }
    if (error === CardError.Absent) fail("read")
    else event(`card read failed lba=${lba} count=${count}`)
    return error
}

async function failReads() {
    while (reads.length) {
        const job = reads.shift() as ReadJob
        job.readState = ReadState.Failed
    }
    progress()
    isWaitingForWork = true
    await ds.suspend()
}

/** Whether one log entry has all of it, the commonest case of a rewrite. */
function isWhollyInLog(job: ReadJob) {
    const v = job.volume
    for (let s = readable(v); s > v.durable; --s) {
        const i = s & LOG_MASK
        const skip = job.lba - v.lba.getAt(i << 2, "u32")
        if (skip >= 0 && skip + job.count <= v.count[i]) return true
    }
    return false
}

/** Puts what the log has over what a card had, oldest first. */
export function overlay(job: ReadJob) {
    const v = job.volume
    const newest = readable(v)
    for (let s = v.durable + 1; s <= newest; ++s) {
        const i = s & LOG_MASK
        const first = v.lba.getAt(i << 2, "u32")
        let from = first
        let to = from + v.count[i]
        if (from < job.lba) from = job.lba
        if (to > job.lba + job.count) to = job.lba + job.count
        if (from >= to) continue
        pool.blitAt(
            (job.run + from - job.lba) * SECTOR,
            pool,
            (v.run[i] + from - first) * SECTOR,
            (to - from) * SECTOR,
        )
    }
}

/// Writing ///

/**
 * Waits until the main loop has gone round: it does when a chip or a wire has
 * news, and at least every few milliseconds.
 */
async function turn() {
    isWaitingForTurn = true
    stopYielding()
    await ds.suspend()
}

/** Waits until all that was written is on the card: never at once. */
async function untilWritten(): Promise<boolean> {
    const since = ds.millis()
    let step = Step.Busy
    while (step === Step.Busy && ds.millis() - since < BUSY_LIMIT_MS) {
        await turn()
        step = await writeStatus(card)
    }
    return step === Step.Ready
}

async function writeSector(lba: number, from: Buffer): Promise<boolean> {
    if ((await startWrite(card, lba)) === Step.Failed)
        return await endWrite(false)
    return await endWrite(await writeAll(from, 0, SECTOR))
}

/** Ends a write. @param isTaken the card has taken all blocks */
async function endWrite(isTaken: boolean): Promise<boolean> {
    if (isTaken) await stopWrite(card)
    else await abortWrite(card)
    const isWritten = await untilWritten()
    return isTaken && isWritten
}

async function save() {
    for (let i = 0; i < TRIES; ++i)
        if (await writeSector(superblockLba(), superblockSector())) {
            saved()
            progress()
            return
        }
    fail("superblock")
}

/** Writes the next copy of a dirty map. */
async function saveMap() {
    const index = mapToSave()
    for (let i = 0; i < TRIES; ++i)
        if (await writeSector(nextMapLba(index), mapImage(index))) {
            mapSaved(index)
            // writes for the partner may wait for it
            if (mapToSave() < 0) progress()
            return
        }
    fail("dirty map")
}

/**
 * What a board writes alone is marked before the card has it. While the map is
 * written, more is committed.
 * @returns the last entry that is marked
 */
async function markDirty(v: Volume): Promise<number> {
    for (;;) {
        const last = v.committed
        markEntries(v, v.durable + 1, last)
        if (mapToSave() < 0 || hasFailed) return last
        await saveMap()
    }
}

function fail(what: string) {
    hasFailed = true
    event(`card failed what=${what}`)
    progress()
}

/** Writes the oldest entries of a log to the card. @returns whether any */
async function flush(): Promise<boolean> {
    flushNext = false
    let any = false
    for (let k = 0; k < volumes.length; ++k) {
        const v = volumes[k]
        if (v.committed === v.durable || !v.isSaved) continue
        any = true
        const to = isMarking(v) ? await markDirty(v) : v.committed
        if (hasFailed) return true
        if (copiesInLog > 0 && skipCopies(v)) continue
        const last = endOfBatch(v, to)
        let done = false
        for (let i = 0; i < TRIES && !done; ++i)
            done = await writeBatch(v, last)
        if (!done) {
            fail("write")
            return true
        }
        setDurable(v, last)
        progress()
    }
    return any
}

/** Copies for the partner are on this card. @returns whether there was one */
function skipCopies(v: Volume): boolean {
    if (!isCopy(v, v.durable + 1)) return false
    setDurable(v, v.durable + 1)
    progress()
    return true
}

/** Entries that follow each other on the card go there in one command. */
function endOfBatch(v: Volume, to: number) {
    let last = v.durable + 1
    const limit = v.durable + MAX_BATCH
    while (last < to && last < limit) {
        const i = last & LOG_MASK
        const j = (last + 1) & LOG_MASK
        const end = v.lba.getAt(i << 2, "u32") + v.count[i]
        if (v.lba.getAt(j << 2, "u32") !== end) break
        if (copiesInLog > 0 && isCopy(v, last + 1)) break
        last++
    }
    return last
}

async function writeBatch(v: Volume, last: number): Promise<boolean> {
    const first = (v.durable + 1) & LOG_MASK
    const lba = v.firstLba + v.lba.getAt(first << 2, "u32")
    if ((await startWrite(card, lba)) === Step.Failed)
        return await endWrite(false)
    for (let s = v.durable + 1; s <= last; ++s) {
        const i = s & LOG_MASK
        const at = v.run[i] * SECTOR
        if (!(await writeAll(pool, at, at + v.count[i] * SECTOR)))
            return await endWrite(false)
    }
    return await endWrite(true)
}

/** Writes blocks, and waits wherever the card is busy. */
async function writeAll(
    from: Buffer,
    at: number,
    end: number,
): Promise<boolean> {
    let step = await writeBlocks(card, from, at, end)
    if (step === Step.Ready) return true
    const since = ds.millis()
    while (step === Step.Busy && ds.millis() - since < BUSY_LIMIT_MS) {
        await turn()
        step = await writeBlocks(card, from, writtenTo, end)
    }
    return step === Step.Ready
}
