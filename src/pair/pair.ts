/**
 * The life of the pair at this board: meeting the partner, serving with it,
 * and without it. Acts on what detector, fencing and cold start decide.
 */
import * as ds from "@devicescript/core"
import { event } from "../console/events"
import { report } from "../console/status"
import { DATA } from "../drivers/w5500"
import { isAddressUsed } from "../drivers/w5500probe"
import { Port, setIdentity } from "../iscsi/port"
import { out } from "../net/frames"
import { added, outLength } from "../net/out"
import { Settings } from "../settings"
import {
    beginMap,
    isMapOf,
    markAll,
    markEntries,
    renewMap,
} from "../store/dirtymap"
import { MIRROR_BLOCKS, OWN_BLOCKS } from "../store/pool"
import { settle } from "../store/log"
import { idleBriefly } from "../store/progress"
import { cardHasFailed, wakeStorage } from "../store/storage"
import { partnerOnCard, wantBothCopies, wantSave } from "../store/superblock"
import { Mode, Volume } from "../store/volume"
import { VolumeFlag } from "../wire/card"
import {
    DAMAGED,
    Frame,
    H_BOOT,
    H_DIGEST,
    H_IDENTITY,
    H_INDEX,
    H_MIRROR_BLOCKS,
    H_PAIR,
    H_VERSION,
    H_VOLUME_SIZE,
    H_VOLUMES,
    HELLO_SIZE,
    helloDigest,
    ID_IP,
    ID_MAC,
    IDENTITY_SIZE,
    LINK_VERSION,
    nameIn,
} from "../wire/link"
import { Sense } from "../wire/scsi"
import { judgeVolume, Verdict } from "./coldstart"
import { BROKEN_MS, heardLink, metPartner } from "./detector"
import {
    detector,
    fallSilent,
    fence,
    refuseTakeover,
    releaseFence,
    sawCarrier,
    wantsCarrier,
} from "./heartbeat"
import { Fencing } from "./fencing"
import { startHosts, tellAllHosts } from "./hosts"
import { addFrame, hasCarrier, openLink, shutLink } from "./link"
import { checkPorts, serve, withdraw } from "./ports"

/**
 * From shutting the link until a write is acknowledged alone: by then the
 * partner has seen the silence and marked its copy outdated.
 */
const ALONE_WAIT_MS = BROKEN_MS + 50
/** Between looks at cables, conflicts, logins and quiet volumes. */
const CHECK_MS = 100

let settings: Settings
let volumes: Volume[]
let home: Volume
let foreign: Volume
let ports: Port[]
let homePort: Port
let partnerPort: Port
/** a number that is new with each start */
let boot = 0

/** The partner's identity, from its HELLO or from the card. */
const partnerIdentity = Buffer.alloc(IDENTITY_SIZE)
/** What the partner's card says: epochs and flags by volume. */
const partnerEpoch = [0, 0]
const partnerFlags = [0, 0]

/** it is decided what this board serves */
let isDecided = false
let mustDecide = false
let mustTakeOver = false
/** last entries of the logs when the partner was taken over, by volume */
const heldEntries = [0, 0]
/** when writes may be acknowledged alone; 0: no need to wait */
let aloneAt = 0
let checkAt = 0
/** it is time for `servePair` */
export let pairIsDue = false
let hasSteppedDown = false

export function startPair(s: Settings, v: Volume[], p: Port[]) {
    settings = s
    ports = p
    volumes = v
    home = v[s.index]
    foreign = v[1 - s.index]
    homePort = ports[0]
    partnerPort = ports[1]
    partnerIdentity.blitAt(0, partnerOnCard, 0, IDENTITY_SIZE)
    startHosts(homePort, partnerPort)
    boot = Math.randomInt(0x7fffffff)
    probeMac.blitAt(0, s.identity, ID_MAC, 6)
    probeMac[0] = 0x02
    probeMac[1] = 0x50 // "P"
}

/// Meeting ///

export function heardPartner() {
    heardLink(detector, ds.millis())
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
    out.setAt(at + H_PAIR, "u32", settings.pair)
    out.setAt(at + H_BOOT, "u32", boot)
    for (let i = 0; i < volumes.length; ++i) {
        const v = volumes[i]
        const e = at + H_VOLUMES + i * H_VOLUME_SIZE
        out.setAt(e, "u32", v.epoch)
        out.setAt(e + 4, "u32", v.flags)
        out.setAt(e + 8, "u32", v.blocks)
    }
    out.blitAt(at + H_IDENTITY, settings.identity, 0, IDENTITY_SIZE)
    out.blitAt(at + H_DIGEST, helloDigest(out, at), 0, 32)
    added(HELLO_SIZE)
}

export function linkDown() {
    event("link down")
}

/** Epochs and flags decide whose data count: they must have come as sent. */
function isWholeHello(b: Buffer, at: number): boolean {
    const hash = helloDigest(b, at)
    for (let i = 0; i < 32; ++i)
        if (b[at + H_DIGEST + i] !== hash[i]) return false
    return true
}

/** @returns why the partner is not ours to work with */
export function takeHello(b: Buffer, at: number): string | undefined {
    if (b[at + H_VERSION] !== LINK_VERSION) return "partner of another version"
    if (!isWholeHello(b, at)) return DAMAGED
    if (b.getAt(at + H_PAIR, "u32") !== settings.pair) return "not our partner"
    if (b[at + H_INDEX] === settings.index) return "both boards have one name"
    if (b[at + H_MIRROR_BLOCKS] !== MIRROR_BLOCKS)
        return "partner with another pool"
    for (let i = 0; i < volumes.length; ++i) {
        const e = at + H_VOLUMES + i * H_VOLUME_SIZE
        partnerEpoch[i] = b.getAt(e, "u32")
        partnerFlags[i] = b.getAt(e + 4, "u32")
        if (b.getAt(e + 8, "u32") !== volumes[i].blocks)
            return "partner's volumes have another size"
    }
    partnerIdentity.blitAt(0, b, at + H_IDENTITY, IDENTITY_SIZE)
    event(`met ${nameIn(partnerIdentity)}`)
    if (!isDecided) {
        mustDecide = true
        pairIsDue = true
    } else if (isMirroring()) {
        // what was on its way when the connection broke is not sent again
        event("link was interrupted: mirroring ends")
        partnerIsLost()
    } else if (home.mode === Mode.Alone || foreign.mode === Mode.Alone)
        event("partner is back; its copy is outdated and it waits")
    return undefined
}

/** Both cards have spoken: who serves what? */
async function decide() {
    isDecided = true
    metPartner(detector, ds.millis())
    const i = settings.index
    const own = judgeVolume(
        home.epoch,
        home.flags,
        partnerEpoch[i],
        partnerFlags[i],
    )
    const other = judgeVolume(
        partnerEpoch[1 - i],
        partnerFlags[1 - i],
        foreign.epoch,
        foreign.flags,
    )
    if (own === Verdict.Mirrored) home.mode = Mode.Mirrored
    else if (own === Verdict.Home) goAlone(home)
    else event("own copy is outdated: the partner went on alone; waiting")
    if (other === Verdict.Mirrored) foreign.mode = Mode.Mirror
    else if (other === Verdict.Partner) goAlone(foreign)
    rememberPartner()
    setIdentity(homePort, settings.identity, home)
    if (own !== Verdict.Partner) await serve(homePort, Sense.PowerOn)
    if (other === Verdict.Partner) await assume()
}

/** The partner's identity is kept on the card for a start without it. */
function rememberPartner() {
    partnerOnCard.blitAt(0, partnerIdentity, 0, IDENTITY_SIZE)
    wantSave(home)
    wakeStorage()
}

/// Losing ///

/** MAC address of a port that is nobody yet: as the link's, but for a byte. */
const probeMac = Buffer.alloc(6)

function partnerIp(): Buffer {
    return partnerIdentity.slice(ID_IP, ID_IP + 4)
}

/** Whether there is something whole to take over. */
export function canTakeOver(): boolean {
    return foreign.mode === Mode.Mirror
}

/** The partner is dead for certain: its reset is held. */
export function partnerIsFenced() {
    mustTakeOver = true
    pairIsDue = true
}

function isMirroring(): boolean {
    return foreign.mode === Mode.Mirror || home.mode === Mode.Mirrored
}

/**
 * The partner cannot be reached, and may live: from now on each board goes
 * its own way. It is told by silence that our copy moves on.
 */
export function partnerIsLost() {
    if (!isDecided || aloneAt !== 0) return
    if (!isMirroring()) return
    shutLink()
    if (foreign.mode === Mode.Mirror) {
        foreign.mode = Mode.Waiting
        foreign.flags |= VolumeFlag.Outdated
        wantBothCopies(foreign)
        wakeStorage()
        event("copy of the partner's volume is outdated from now on")
    }
    aloneAt = ds.millis() + ALONE_WAIT_MS
}

/**
 * What may differ on the two cards when a volume's new epoch begins. Before
 * `v.mode` says that it has.
 */
function markDifferences(v: Volume) {
    const base = v.epoch
    const last = v.appended
    if (v.mode === Mode.Waiting) {
        // a board that was alone before goes on with its map
        if ((v.flags & VolumeFlag.Alone) !== 0 && isMapOf(v)) return
        beginMap(v, base)
        markAll(v)
        return
    }
    beginMap(v, base)
    // The home knows what its partner has on its card. The mirror does not know
    // it of the home, but what the home had not on its card held a block of it
    const first =
        v.mode === Mode.Mirrored ? v.partnerDurable : last - OWN_BLOCKS
    markEntries(v, first < 0 ? 1 : first + 1, last)
}

/** Every write goes to this card alone from now on: a new epoch. */
function goAlone(v: Volume) {
    markDifferences(v)
    v.mode = Mode.Alone
    v.epoch++
    renewMap(v)
    v.flags = (v.flags | VolumeFlag.Alone) & ~VolumeFlag.Outdated
    v.committed = v.appended
    wantBothCopies(v)
    wakeStorage()
    event(`volume ${v.index === 0 ? "a" : "b"} alone epoch=${v.epoch}`)
}

/**
 * The partner is dead: be it. But three wires that break at once look as a death
 * does. So the LAN is asked before anything is changed.
 */
async function takeOver() {
    if (await isAddressUsed(partnerPort.chip, probeMac, partnerIp())) {
        refuseTakeover()
        return
    }
    shutLink()
    if (home.mode === Mode.Mirrored) goAlone(home)
    goAlone(foreign)
    for (let i = 0; i < volumes.length; ++i)
        heldEntries[i] = volumes[i].appended
    await assume()
    event(`took over after ${ds.millis() - detector.beatAt} ms of silence`)
}

/** The partner port gets the partner's identity and serves its volume. */
async function assume() {
    setIdentity(partnerPort, partnerIdentity, foreign)
    // not I_T NEXUS LOSS: libiscsi's tools expect this one alone, and give up
    await serve(partnerPort, Sense.PowerOn)
}

/**
 * The card has failed, and the partner has all that was acknowledged: it shall
 * be this board. A board without a card is as good as dead, so it plays dead.
 */
async function stepDown() {
    hasSteppedDown = true
    event("card failed: leaving both volumes to the partner")
    fallSilent()
    shutLink()
    for (let i = 0; i < ports.length; ++i)
        if (ports[i].isActive) await withdraw(ports[i], "no card")
    // the last word: without a heartbeat nothing is due any more
    tellStatus(ds.millis())
}

/// The main loop's part ///

/** Call every 20 ms, from the heartbeat. */
export function tickPair() {
    pairIsDue = true
}

/** Does what has to be done now. @returns whether anything had */
export async function servePair(): Promise<boolean> {
    pairIsDue = false
    if (wantsCarrier()) {
        sawCarrier(await hasCarrier())
        if (wantsCarrier()) {
            // until the fence has worked, or has not
            pairIsDue = true
            await idleBriefly()
            return true
        }
    }
    if (mustTakeOver) {
        mustTakeOver = false
        await takeOver()
        return true
    }
    if (mustDecide) {
        mustDecide = false
        await decide()
        return true
    }
    if (hasSteppedDown) return false
    if (cardHasFailed() && home.mode === Mode.Mirrored) {
        await stepDown()
        return true
    }
    const now = ds.millis()
    if (aloneAt !== 0 && now >= aloneAt) {
        aloneAt = 0
        if (home.mode === Mode.Mirrored) goAlone(home)
        openLink()
        return true
    }
    if (now < checkAt) return false
    checkAt = now + CHECK_MS
    await check(now)
    return false
}

/** What was acknowledged out of memory is on the card, and so is the epoch. */
function isHeldOnCard(v: Volume): boolean {
    return v.isSaved && v.durable >= heldEntries[v.index]
}

async function check(now: number) {
    for (let i = 0; i < volumes.length; ++i)
        if (volumes[i].mode !== Mode.Waiting) settle(volumes[i], now)
    if (
        fence.state === Fencing.Fenced &&
        isHeldOnCard(home) &&
        isHeldOnCard(foreign)
    ) {
        releaseFence()
        openLink()
        event("fence released: all is on the card")
    }
    await checkPorts()
    tellStatus(now)
}

function tellStatus(now: number) {
    const isFencing = fence.state === Fencing.Fenced
    report(now, ports, volumes, detector.partner, isFencing)
}
