/**
 * The mirror engine: writes of volumes that are served here go to the partner's
 * memory, those of others come into ours, and both tell each other what is
 * stored.
 *
 * The layers above do not know it is there: it looks at the logs, and moves
 * their `sent`, `stored`, `committed` and `partnerDurable` on.
 */
import { isMapSaved } from "../store/dirtymap"
import { write } from "../store/log"
import { MIRROR_BLOCKS, MIRROR_FIRST, remote, takeRun } from "../store/pool"
import { ownProgress } from "../store/progress"
import { wakeStorage } from "../store/storage"
import { wantSave } from "../store/superblock"
import {
    acknowledgeable,
    isReceiving,
    LOG_MASK,
    Mode,
    setPartnerDurable,
    Volume,
} from "../store/volume"
import { VolumeFlag } from "../wire/card"
import {
    Frame,
    L_A,
    L_B,
    L_C,
    L_VOLUME,
    LINK_HEADER,
    TRAILER_MAGIC,
} from "../wire/link"
import { isFetchUntold, sendFetch } from "./fetch"
import { sendHosts, untoldHosts } from "./hosts"
import { addBlocks, addFrame, frameBlocks, hasRoom, makeRoom } from "./frames"
import { wantRoom } from "./link"
import { isRejoinUntold, sendRejoin } from "./rejoin"

let volumes: Volume[]
/** The two of them: hot paths go without a loop. */
let va: Volume
let vb: Volume

/** What the partner was last told of a volume that is mirrored here. */
const toldCommitted = [0, 0]
const toldDurable = [0, 0]
/** The partner waits for this entry to be durable. */
const syncAsked = [0, 0]
/** We have asked for this entry to be durable. */
const syncSent = [0, 0]

export function startMirror(v: Volume[]) {
    volumes = v
    va = v[0]
    vb = v[1]
}

/** A volume's log begins anew with this entry, here or at the partner. */
export function restartMirror(v: Volume, seq: number) {
    toldCommitted[v.index] = toldDurable[v.index] = seq
    syncAsked[v.index] = syncSent[v.index] = seq
}

/** A new connection: a write of which a part was sent begins anew. */
export function forgetParts() {
    for (let i = 0; i < 2; ++i) parts[i] = partsSent[i] = 0
}

/// Receiving ///

/** The WRITE that is being received: where its data go, in the pool's bytes. */
export let writePlace = 0
let writeVolume: Volume
let writeSeq = 0
let writeLba = 0
let writeCount = 0
let writeRun = 0

/** Blocks of the next write that have come in PARTs, by volume. */
const parts = [0, 0]
/** Blocks of the write after `sent` that have gone in PARTs, by volume. */
const partsSent = [0, 0]

/** Looks at a WRITE's header, or a PART's. @returns what is wrong with it */
export function beginWrite(b: Buffer, at: number): string | undefined {
    const v = volumes[b[at + L_VOLUME] & 1]
    if (b[at + L_VOLUME] > 1 || v.mode >= Mode.Alone || v.mode === Mode.Waiting)
        return "write to a volume that is not mirrored here"
    writeVolume = v
    writeSeq = b.getAt(at + L_A, "u32")
    const count = b[at + L_C]
    const place = b[at + L_C + 1]
    const before = parts[v.index]
    writeLba = b.getAt(at + L_B, "u32") - before
    writeCount = before + count
    writeRun = MIRROR_FIRST + place - before
    if (writeSeq !== v.appended + 1) return "write out of order"
    if (
        count === 0 ||
        writeCount > 8 ||
        place < before ||
        place + count > MIRROR_BLOCKS ||
        writeLba < 0 ||
        writeLba + writeCount > v.blocks
    )
        return "write out of range"
    writePlace = (MIRROR_FIRST + place) << 9
    return undefined
}

/** A WRITE has arrived to its trailer: it is committed. */
export function endWrite(
    b: Buffer,
    at: number,
    isPart: boolean,
): string | undefined {
    if (
        b.getAt(at, "u32") !== writeSeq ||
        b.getAt(at + 4, "u32") !== TRAILER_MAGIC
    )
        return "write without its trailer"
    const i = writeVolume.index
    if (isPart) {
        parts[i] = writeCount
        return undefined
    }
    parts[i] = 0
    write(writeVolume, writeLba, writeCount, writeRun)
    return undefined
}

/** The partner tells what it has of a volume that is served here. */
export function takeStored(b: Buffer, at: number): string | undefined {
    const committed = b.getAt(at + L_A, "u32")
    const durable = b.getAt(at + L_B, "u32")
    if (b[at + L_VOLUME] > 1) return "stored of a volume that is not there"
    const v = volumes[b[at + L_VOLUME]]
    // of one that was served here a moment ago
    if (v.mode <= Mode.Alone) return undefined
    if (committed > v.sent || durable > committed)
        return "stored what was never sent"
    if (committed > v.stored) {
        v.stored = committed
        if (v.mode === Mode.Mirrored && committed > v.committed) {
            v.committed = committed
            if ((v.flags & VolumeFlag.First) !== 0) endFirst(v)
            wakeStorage()
        }
        ownProgress()
    }
    if (durable > v.partnerDurable) {
        // only a SYNC makes somebody wait for it
        if (v.syncWanted > v.partnerDurable || v.mode !== Mode.Mirrored)
            ownProgress()
        setPartnerDurable(v, durable)
    }
    return undefined
}

/** Before a new pair's first write is acknowledged, the card says that it is. */
function endFirst(v: Volume) {
    v.flags &= ~VolumeFlag.First
    wantSave(v)
}

export function takeSync(b: Buffer, at: number): string | undefined {
    const v = volumes[b[at + L_VOLUME] & 1]
    if (b[at + L_VOLUME] > 1 || !isReceiving(v)) return "sync of another volume"
    syncAsked[v.index] = b.getAt(at + L_A, "u32")
    return undefined
}

/// Sending ///

/** So many entries of eight blocks fill what the partner has here. */
const UNTOLD_ENTRIES = 2

/**
 * Puts frames into `out`: what is stored first, then writes.
 * @param isPing something has to be sent anyway
 */
export async function sendFrames(isPing: boolean) {
    const a = va
    const b = vb
    const modeA = a.mode
    const modeB = b.mode
    // while there is room in `out` for certain
    if (modeA < Mode.Alone && toldDurable[0] < a.appended) sendStored(a, isPing)
    if (modeB < Mode.Alone && toldDurable[1] < b.appended) sendStored(b, isPing)
    if (untoldHosts > 0) await sendHosts()
    if (isRejoinUntold) await sendRejoin()
    if (isFetchUntold) await sendFetch()
    if (modeA > Mode.Alone)
        if (a.sent < a.appended || a.syncWanted > syncSent[0])
            await sendWrites(a)
    if (modeB > Mode.Alone)
        if (b.sent < b.appended || b.syncWanted > syncSent[1])
            await sendWrites(b)
}

async function sendWrites(v: Volume) {
    if (mayWrite(v))
        while (v.sent < v.appended) if (!(await sendWrite(v))) break
    if (v.syncWanted > syncSent[v.index] && v.sent >= v.syncWanted) {
        if (!hasRoom(0)) {
            wantRoom()
            return
        }
        syncSent[v.index] = v.syncWanted
        if (v.syncWanted > v.partnerDurable) {
            await makeRoom(LINK_HEADER)
            addFrame(Frame.Sync, v.index, v.syncWanted, 0, 0)
        }
    }
}

/** The card must know of a write before the partner's card may have it. */
function mayWrite(v: Volume): boolean {
    return isMapSaved(v) && (v.isSaved || (v.flags & VolumeFlag.First) === 0)
}

/**
 * Whether the partner should hear at once of what has become durable: it has
 * asked for it, or it may be short of room here.
 */
function durableMatters(v: Volume): boolean {
    const told = toldDurable[v.index]
    if (v.appended - told >= UNTOLD_ENTRIES) return true
    const asked = syncAsked[v.index]
    return asked > told && v.durable >= asked
}

/** What is committed is told at once, what is durable when it matters. */
function sendStored(v: Volume, isPing: boolean) {
    if (v.mode === Mode.Waiting) return
    const i = v.index
    const committed = acknowledgeable(v)
    const durable = v.durable
    const told = toldCommitted[i]
    if (committed <= told) {
        if (durable === toldDurable[i] || (!isPing && !durableMatters(v)))
            return
    } else toldCommitted[i] = committed
    const stored = toldCommitted[i]
    toldDurable[i] = durable < stored ? durable : stored
    addFrame(Frame.Stored, i, stored, toldDurable[i], 0)
}

/**
 * Adds the next write, or as much of it as one frame takes.
 * @returns false: no room in the chip, or at the partner
 */
async function sendWrite(v: Volume): Promise<boolean> {
    const seq = v.sent + 1
    const i = seq & LOG_MASK
    const before = partsSent[v.index]
    let count = v.count[i] - before
    const isLast = count <= frameBlocks()
    if (!isLast) count = frameBlocks()
    if (!hasRoom(count)) {
        wantRoom()
        return false
    }
    if (before === 0) {
        const run = takeRun(remote, v.count[i])
        if (run < 0) return false
        v.remoteRun[i] = run
    }
    if (isLast) {
        v.sent = seq
        partsSent[v.index] = 0
    } else partsSent[v.index] = before + count
    await makeRoom(LINK_HEADER)
    const lba = v.lba.getAt(i << 2, "u32") + before
    const place = v.remoteRun[i] + before
    const type = isLast ? Frame.Write : Frame.Part
    addFrame(type, v.index, seq, lba, count | (place << 8))
    await addBlocks(v.run[i] + before, count, seq)
    // not before its data are out: once it is on the card, its blocks are free
    if (isLast && v.mode < Mode.Mirrored && v.mode > Mode.Alone) {
        v.committed = seq
        wakeStorage()
    }
    return true
}
