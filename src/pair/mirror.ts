/**
 * The mirror engine: writes of this board's volume go to the partner's memory,
 * the partner's come into ours, and both tell each other what is stored.
 *
 * The layers above do not know it is there: it looks at the logs, and moves
 * their `sent`, `committed` and `partnerDurable` on.
 */
import { DATA, Socket } from "../drivers/w5500"
import { out } from "../net/frames"
import { added, outLength, stream } from "../net/out"
import { write } from "../store/log"
import {
    MIRROR_BLOCKS,
    MIRROR_FIRST,
    pool,
    remote,
    takeRun,
} from "../store/pool"
import { ownProgress } from "../store/progress"
import { wakeStorage } from "../store/storage"
import {
    acknowledgeable,
    LOG_MASK,
    Mode,
    setPartnerDurable,
    Volume,
} from "../store/volume"
import {
    Frame,
    L_A,
    L_B,
    L_C,
    L_VOLUME,
    LINK_HEADER,
    LINK_TRAILER,
    TRAILER_MAGIC,
} from "../wire/link"
import { hostsAreUntold, sendHosts } from "./hosts"
import { addFrame, makeRoom, wantRoom } from "./link"

let volumes: Volume[]
/** of this board, and of the partner */
let home: Volume
let foreign: Volume

/** What the partner was last told of its volume here. */
let toldCommitted = 0
let toldDurable = 0
/** The partner waits for this entry to be durable. */
let syncAsked = 0
/** We have asked for this entry to be durable. */
let syncSent = 0

export function startMirror(v: Volume[], index: number) {
    volumes = v
    home = v[index]
    foreign = v[1 - index]
}

/// Receiving ///

/** The WRITE that is being received: where its data go, in the pool's bytes. */
export let writePlace = 0
let writeSeq = 0
let writeLba = 0
let writeCount = 0
let writeRun = 0

/** Looks at a WRITE's header. @returns what is wrong with it */
export function beginWrite(b: Buffer, at: number): string | undefined {
    if (volumes[b[at + L_VOLUME]] !== foreign || foreign.mode !== Mode.Mirror)
        return "write to a volume that is not mirrored here"
    writeSeq = b.getAt(at + L_A, "u32")
    writeLba = b.getAt(at + L_B, "u32")
    writeCount = b[at + L_C]
    const place = b[at + L_C + 1]
    if (writeSeq !== foreign.appended + 1) return "write out of order"
    if (
        writeCount === 0 ||
        writeCount > 8 ||
        place + writeCount > MIRROR_BLOCKS ||
        writeLba + writeCount > foreign.blocks
    )
        return "write out of range"
    writeRun = MIRROR_FIRST + place
    writePlace = writeRun << 9
    return undefined
}

/** A WRITE has arrived to its trailer: it is committed. */
export function endWrite(b: Buffer, at: number): string | undefined {
    if (
        b.getAt(at, "u32") !== writeSeq ||
        b.getAt(at + 4, "u32") !== TRAILER_MAGIC
    )
        return "write without its trailer"
    write(foreign, writeLba, writeCount, writeRun)
    return undefined
}

/** The partner tells what it has of our volume. */
export function takeStored(b: Buffer, at: number): string | undefined {
    const committed = b.getAt(at + L_A, "u32")
    const durable = b.getAt(at + L_B, "u32")
    if (home.mode !== Mode.Mirrored) return undefined
    if (b[at + L_VOLUME] !== home.index) return "stored of another volume"
    if (committed > home.sent || durable > committed)
        return "stored what was never sent"
    if (committed > home.committed) {
        home.committed = committed
        wakeStorage()
        ownProgress()
    }
    if (durable > home.partnerDurable) {
        // only a SYNC makes somebody wait for it
        if (home.syncWanted > home.partnerDurable) ownProgress()
        setPartnerDurable(home, durable)
    }
    return undefined
}

export function takeSync(b: Buffer, at: number): string | undefined {
    if (b[at + L_VOLUME] !== foreign.index) return "sync of another volume"
    syncAsked = b.getAt(at + L_A, "u32")
    return undefined
}

/// Sending ///

/** So many entries of eight blocks fill what the partner has here. */
const UNTOLD_ENTRIES = 2

/**
 * Puts frames into `out`: what is stored first, then writes.
 * @param isPing something has to be sent anyway
 */
export async function sendFrames(s: Socket, isPing: boolean) {
    if (hostsAreUntold()) await sendHosts()
    if (toldDurable < foreign.appended && foreign.mode === Mode.Mirror)
        sendStored(isPing)
    if (home.mode !== Mode.Mirrored) return
    while (home.sent < home.appended) if (!(await sendWrite(s))) break
    if (home.syncWanted > syncSent && home.sent >= home.syncWanted) {
        syncSent = home.syncWanted
        if (syncSent > home.partnerDurable) {
            await makeRoom(LINK_HEADER)
            addFrame(Frame.Sync, home.index, syncSent, 0, 0)
        }
    }
}

/**
 * Whether the partner should hear at once of what has become durable: it has
 * asked for it, or it may be short of room here.
 */
function durableMatters(): boolean {
    if (foreign.appended - toldDurable >= UNTOLD_ENTRIES) return true
    return syncAsked > toldDurable && foreign.durable >= syncAsked
}

/** What is committed is told at once, what is durable when it matters. */
function sendStored(isPing: boolean) {
    const committed = acknowledgeable(foreign)
    const durable = foreign.durable
    if (committed <= toldCommitted) {
        if (durable === toldDurable || (!isPing && !durableMatters())) return
    }
    toldCommitted = committed > toldCommitted ? committed : toldCommitted
    toldDurable = durable < toldCommitted ? durable : toldCommitted
    addFrame(Frame.Stored, foreign.index, toldCommitted, toldDurable, 0)
}

/** Adds the next write. @returns false: no room in the chip, or at the partner */
async function sendWrite(s: Socket): Promise<boolean> {
    const seq = home.sent + 1
    const i = seq & LOG_MASK
    const count = home.count[i]
    const bytes = count << 9
    // a frame is written whole: the last one needs some room more
    if (s.txFree - outLength < LINK_HEADER + bytes + LINK_TRAILER + 64) {
        wantRoom()
        return false
    }
    const place = takeRun(remote, count)
    if (place < 0) return false
    home.remoteRun[i] = place
    home.sent = seq
    await makeRoom(LINK_HEADER)
    addFrame(Frame.Write, home.index, seq, home.lba[i], count | (place << 8))
    await stream(s, pool, home.run[i] << 9, bytes)
    await makeRoom(LINK_TRAILER)
    const at = DATA + outLength
    out.setAt(at, "u32", seq)
    out.setAt(at + 4, "u32", TRAILER_MAGIC)
    added(LINK_TRAILER)
    return true
}
