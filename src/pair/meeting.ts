/** HELLO: two boards tell each other who they are, and what their cards say. */
import { event } from "../console/events"
import { DATA } from "../drivers/w5500"
import { out } from "../net/frames"
import { added, outLength } from "../net/out"
import { Settings } from "../settings"
import { baseOf, isMapOf } from "../store/dirtymap"
import { MIRROR_BLOCKS } from "../store/pool"
import { partnerOnCard } from "../store/superblock"
import { isServed, Volume } from "../store/volume"
import {
    DAMAGED,
    Frame,
    H_BASES,
    H_BOOT,
    H_DECIDED,
    H_DIGEST,
    H_IDENTITY,
    H_INDEX,
    H_MIRROR_BLOCKS,
    H_PAIR,
    H_PROOF,
    H_VERSION,
    H_VOLUME_SIZE,
    H_VOLUMES,
    HELLO_SIZE,
    helloDigest,
    helloProof,
    IDENTITY_SIZE,
    KEY_SIZE,
    LINK_VERSION,
    nameIn,
} from "../wire/link"
import { judgeVolume, Verdict } from "./coldstart"
import { tellAllHosts } from "./hosts"
import { addFrame } from "./frames"
import { hasMet, isDecided } from "./pair"

let settings: Settings
let volumes: Volume[]
/** a number that is new with each start */
let boot = 0

/** What the partner's card says of each volume, and whether it is served there. */
export const partnerEpoch = [0, 0]
export const partnerFlags = [0, 0]
/** the last epoch of which a copy that was alone has everything; 0: not known */
export const partnerBase = [0, 0]
export const partnerServes = [false, false]
/** It has met us before, since it started. */
export let partnerIsDecided = false

export function startMeeting(s: Settings, v: Volume[]) {
    settings = s
    volumes = v
    boot = Math.randomInt(0x7fffffff)
}

/** Of which epoch our copy surely has everything. */
function ownBase(v: Volume): number {
    return isMapOf(v) ? baseOf(v) : 0
}

/** Whose copy of a volume counts, by both cards. */
export function judge(v: Volume): Verdict {
    const i = v.index
    const base = ownBase(v)
    const epoch = partnerEpoch[i]
    const flags = partnerFlags[i]
    return i === settings.index
        ? judgeVolume(v.epoch, v.flags, base, epoch, flags, partnerBase[i])
        : judgeVolume(epoch, flags, partnerBase[i], v.epoch, v.flags, base)
}

/** The link is connected: say who we are and what our card says. */
export function linkUp() {
    event("link up")
    tellAllHosts()
    addFrame(Frame.Hello, settings.index, 0, 0, 0)
    const at = DATA + outLength
    out.fillAt(at, HELLO_SIZE, 0)
    out[at + H_VERSION] = LINK_VERSION
    out[at + H_INDEX] = settings.index
    out[at + H_MIRROR_BLOCKS] = MIRROR_BLOCKS
    out[at + H_DECIDED] = isDecided ? 1 : 0
    out.setAt(at + H_PAIR, "u32", settings.pair)
    out.setAt(at + H_BOOT, "u32", boot)
    for (let i = 0; i < volumes.length; ++i) {
        const v = volumes[i]
        const e = at + H_VOLUMES + i * H_VOLUME_SIZE
        out.setAt(e, "u32", v.epoch)
        out.setAt(e + 4, "u32", v.flags)
        out.setAt(e + 8, "u32", v.blocks)
        out[e + 12] = isServed(v) ? 1 : 0
        out[e + 13] = v.mirroring
        out.setAt(at + H_BASES + (i << 2), "u32", ownBase(v))
    }
    out.blitAt(at + H_IDENTITY, settings.identity, 0, IDENTITY_SIZE)
    out.blitAt(at + H_PROOF, helloProof(settings.key, out, at), 0, KEY_SIZE)
    out.blitAt(at + H_DIGEST, helloDigest(out, at), 0, 32)
    added(HELLO_SIZE)
}

/** Epochs and flags decide whose data count: they must have come as sent. */
function isWholeHello(b: Buffer, at: number): boolean {
    return isEqual(b, at + H_DIGEST, helloDigest(b, at))
}

function isEqual(b: Buffer, at: number, to: Buffer): boolean {
    for (let i = 0; i < to.length; ++i) if (b[at + i] !== to[i]) return false
    return true
}

/** @returns why the partner is not ours to work with */
export function takeHello(b: Buffer, at: number): string | undefined {
    if (b[at + H_VERSION] !== LINK_VERSION) return "partner of another version"
    if (!isWholeHello(b, at)) return DAMAGED
    if (b.getAt(at + H_PAIR, "u32") !== settings.pair) return "not our partner"
    if (!isEqual(b, at + H_PROOF, helloProof(settings.key, b, at)))
        return "partner with another key: PAIR_KEY"
    if (b[at + H_INDEX] === settings.index) return "both boards have one name"
    if (b[at + H_MIRROR_BLOCKS] !== MIRROR_BLOCKS)
        return "partner with another pool"
    for (let i = 0; i < volumes.length; ++i) {
        const e = at + H_VOLUMES + i * H_VOLUME_SIZE
        partnerEpoch[i] = b.getAt(e, "u32")
        partnerFlags[i] = b.getAt(e + 4, "u32")
        partnerBase[i] = b.getAt(at + H_BASES + (i << 2), "u32")
        partnerServes[i] = b[e + 12] !== 0
        partnerIsDecided = b[at + H_DECIDED] !== 0
        if (b.getAt(e + 8, "u32") !== volumes[i].blocks)
            return "partner's volumes have another size"
        if (b[e + 13] !== volumes[i].mirroring)
            return "partner mirrors in another way: tw.board.mirror"
    }
    partnerOnCard.blitAt(0, b, at + H_IDENTITY, IDENTITY_SIZE)
    event(`met ${nameIn(partnerOnCard)}`)
    hasMet()
    return undefined
}
