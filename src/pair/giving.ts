/**
 * A volume moves from the board that serves it to its mirror, at rest: home,
 * when its board has come back, or because an operator wants it moved.
 *
 *     serves, mirrored                 mirror
 *              <-------------   TAKE   an operator: give me your own, too
 *     mirror   ------------->   GIVE   mirrored: it serves
 */
import { event } from "../console/events"
import { Port, SOCKETS } from "../iscsi/port"
import { reopenWindows } from "../iscsi/task"
import { beginIntents, endIntents, isMapSaved } from "../store/dirtymap"
import { flush } from "../store/log"
import { wakeStorage } from "../store/storage"
import { wantBothCopies } from "../store/superblock"
import { isQuiet, isServed, Mirroring, Mode, Volume } from "../store/volume"
import { VolumeFlag } from "../wire/card"
import { Frame } from "../wire/link"
import { Sense } from "../wire/scsi"
import { goAlone } from "./alone"
import { untoldHosts } from "./hosts"
import { linkIsOnLan, linkIsUp } from "./link"
import { restartMirror } from "./mirror"
import { isLosing } from "./pair"
import { serve, withdraw } from "./ports"
import { aliveSince, nameOf, tell, tellTake } from "./rejoin"

/**
 * Commands that run are waited for so long before a volume is given. They end
 * as soon as they would anyway: on a saturated board, in some 2 s.
 */
const HOLD_MS = 3000
/** If they do not end, hosts are let go on, and it is tried again later. */
const HOLD_AGAIN_MS = 10000

let home: Volume
let foreign: Volume
let ports: Port[]
/** the volume that is to be given: its commands are held, since then */
let gift: Volume | undefined
let heldAt = 0
let notBefore = 0
/** the partner wants to serve our own volume, too */
export let isAsked = false
/** we keep the partner's volume until an operator wants it given back */
let isKept = false
/** A volume was given to us: its port is to be brought up. */
export let got: Volume | undefined

export function startGiving(v: Volume[], index: number, p: Port[]) {
    home = v[index]
    foreign = v[1 - index]
    ports = p
}

/// Giving ///

function portOf(v: Volume): Port {
    return ports[v === home ? 0 : 1]
}

/** What the partner is to get: its own volume, or ours when it has asked. */
function nextGift(): Volume | undefined {
    if (foreign.mode === Mode.Mirrored && !isKept) return foreign
    return isAsked && home.mode === Mode.Mirrored ? home : undefined
}

/** The link is gone, or new: what was asked for counts no more. */
export function forgetGiving() {
    isAsked = false
    release()
}

/** Commands of the volume that was to be given go on. */
function release() {
    const v = gift
    if (!v) return
    gift = undefined
    const port = portOf(v)
    port.isHeld = false
    // what came meanwhile raises no interrupt any more
    port.again = (1 << SOCKETS) - 1
    reopenWindows(port)
    if (v.mode === Mode.Mirrored) beginIntents(v)
}

/** Whether no command is under way, and hosts are known over there. */
function isAtRest(v: Volume): boolean {
    if (!isQuiet(v) || !v.isSaved || !isMapSaved(v)) return false
    if (untoldHosts > 0) return false
    const conns = portOf(v).conns
    for (let i = 0; i < conns.length; ++i)
        if (conns[i].taskCount > 0) return false
    return true
}

/**
 * Gives a volume to the partner when it is whole over there. Call every 20 ms.
 * @returns whether it was done
 */
export async function stepGiving(now: number): Promise<boolean> {
    const v = nextGift()
    if (gift !== v) release()
    if (
        !v ||
        aliveSince === 0 ||
        isLosing() ||
        now < notBefore ||
        linkIsOnLan()
    ) {
        release()
        return false
    }
    const port = portOf(v)
    if (!port.isActive) return false
    if (!gift) {
        gift = v
        heldAt = now
        port.isHeld = true
        endIntents(v)
        wakeStorage()
    }
    if (!isAtRest(v)) {
        // a link that is busy with the other volume tells it only if asked
        flush(v)
        if (now - heldAt < HOLD_MS) return false
        release()
        notBefore = now + HOLD_AGAIN_MS
        return false
    }
    await withdraw(port, "given away")
    if (isLosing() || !gift) {
        // while the port was withdrawn, the partner was lost, or the link
        release()
        await serve(port, Sense.PowerOn)
        return true
    }
    v.mode = Mode.Mirror
    if (v.mirroring === Mirroring.None) giveUp(v)
    release()
    if (v === home) isAsked = false
    restartMirror(v, v.appended)
    tell(v, Frame.Give, v.appended, v.epoch)
    event(`volume ${nameOf(v)} given ${v === home ? "away" : "back"}`)
    return true
}

/** From its home on, a volume that is not mirrored changes without us. */
function giveUp(v: Volume) {
    v.mode = Mode.Waiting
    v.flags |= VolumeFlag.Outdated
    wantBothCopies(v)
    wakeStorage()
}

/// Taking ///

export function takeGive(
    v: Volume,
    seq: number,
    epoch: number,
): string | undefined {
    if (v.mode !== Mode.Mirror) return "given what is not mirrored here"
    if (v.appended !== seq || v.epoch !== epoch)
        return "given what we do not have"
    v.mode = Mode.Mirrored
    v.sent = v.stored = v.partnerDurable = seq
    restartMirror(v, seq)
    beginIntents(v)
    if (v.mirroring === Mirroring.None) goAlone(v)
    wakeStorage()
    got = v
    event(`volume ${nameOf(v)} ${v === home ? "is home again" : "taken"}`)
    return undefined
}

/** The port is being brought up. */
export function gotIt() {
    got = undefined
}

/// The operator's word ///

/**
 * Serves the partner's volume, too, until it is to be given back.
 * @returns why not
 */
export async function takeVolume(): Promise<string | undefined> {
    if (isServed(foreign)) return "it serves both volumes"
    if (foreign.mode !== Mode.Mirror || !linkIsUp())
        return "the partner's volume is not mirrored here"
    // its port is the link's way, and would become somebody else
    if (linkIsOnLan()) return "the link goes over the LAN: mend the cable first"
    isKept = true
    tellTake()
    return undefined
}

/** Gives the partner's volume back as soon as it is whole over there. */
export async function giveBack(): Promise<string | undefined> {
    // what was asked for and has not come yet goes back at once
    if (!isServed(foreign) && !isKept)
        return "it does not serve the partner's volume"
    isKept = false
    return undefined
}

export function takeTake(v: Volume): string | undefined {
    if (v !== home) return "take of another volume"
    isAsked = true
    return undefined
}
