/**
 * The life of the pair at this board: meeting the partner, serving with it,
 * and without it. Acts on what detector, fencing and cold start decide.
 */
import * as ds from "@devicescript/core"
import { event } from "../console/events"
import { pendingCommand, runCommand } from "../console/operator"
import { forgetReported, report } from "../console/status"
import { Port, setIdentity } from "../iscsi/port"
import { Settings } from "../settings"
import { beginIntents } from "../store/dirtymap"
import { settle } from "../store/log"
import { idleBriefly } from "../store/progress"
import { cardHasFailed, wakeStorage } from "../store/storage"
import { partnerOnCard, wantBothCopies, wantSave } from "../store/superblock"
import {
    isReceiving,
    isSending,
    isServed,
    Mirroring,
    Mode,
    Volume,
} from "../store/volume"
import { VolumeFlag } from "../wire/card"
import { ID_NAME_LENGTH } from "../wire/link"
import { Sense } from "../wire/scsi"
import { Verdict } from "./coldstart"
import { ALONE_WAIT_MS, metPartner } from "./detector"
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
import { isFetching, startFetch, stepFetch } from "./fetch"
import { got, gotIt, startGiving, stepGiving } from "./giving"
import { startHosts } from "./hosts"
import { hasCarrier, linkIsUp, openLink, shutLink } from "./link"
import { judge, partnerIsDecided, partnerServes, startMeeting } from "./meeting"
import { goAlone, wantWhole } from "./alone"
import { checkPorts, isAnswered, serve, withdraw } from "./ports"
import {
    endFilling,
    endResync,
    forgetRejoin,
    isRejoining,
    startRejoin,
    stepRejoin,
    tickRejoin,
} from "./rejoin"
import { endDoubleService, startSplit, tellSplit } from "./split"
import { beatOverLan, lanBeatAt, startLanBeat } from "./lanbeat"
import { isVerifying, patrol, startVerify, stepVerify } from "./verify"

/** Between looks at cables, conflicts, logins and quiet volumes. */
const CHECK_MS = 100

let settings: Settings
let volumes: Volume[]
let home: Volume
let foreign: Volume
let ports: Port[]
let homePort: Port
let partnerPort: Port

/** it is decided what this board serves */
export let isDecided = false
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
    startMeeting(s, v)
    startHosts(homePort, partnerPort, s.index)
    startRejoin(v, s.index)
    startGiving(v, s.index, p)
    startSplit(v, s.index, p)
    if (home.mirroring === Mirroring.None) startUnmirrored()
}

/** What is rarely needed: made when boot is over, and memory less scarce. */
export function endStart() {
    startVerify(volumes)
    startFetch(volumes)
    startLanBeat(settings.index)
}

/**
 * Nobody else serves what nobody else has. Its port comes up when the address
 * is not answered on the LAN, as any that is dark.
 */
function startUnmirrored() {
    const ours = home.flags & (VolumeFlag.Alone | VolumeFlag.Outdated)
    if (ours !== VolumeFlag.Alone) return
    setIdentity(homePort, settings.identity, home)
    goAlone(home)
}

/// Meeting ///

export function linkDown() {
    event("link down")
    forgetRejoin()
}

/** The partner has said HELLO. */
export function hasMet() {
    forgetRejoin()
    if (isDecided && isMirroring()) {
        // what was on its way when the connection broke is not sent again
        event("link was interrupted: mirroring ends")
        partnerIsLost()
    } else {
        mustDecide = true
        pairIsDue = true
    }
}

/** Both cards have spoken: who serves what nobody serves? */
async function decide() {
    await endDoubleService()
    const hadHome = isServed(home)
    const hadForeign = isServed(foreign)
    decideVolume(home)
    decideVolume(foreign)
    if (!isDecided) {
        metPartner(detector, ds.millis())
        rememberPartner()
        if (!hadHome) setIdentity(homePort, settings.identity, home)
    }
    isDecided = true
    // a port that was withdrawn since stays away
    if (!hadHome && isServed(home)) await serve(homePort, Sense.PowerOn)
    if (!hadForeign && isServed(foreign)) await assume()
}

/**
 * By what both cards say. Copies can only be in step for boards that have both
 * just started: else their logs are not.
 */
function decideVolume(v: Volume) {
    if (v.mode !== Mode.Waiting) return
    const isHome = v === home
    const verdict = judge(v)
    if (verdict === Verdict.Split) {
        tellSplit(v)
        return
    }
    const isOurs = (verdict === Verdict.Partner) !== isHome
    const isNew = !isDecided && !partnerIsDecided
    // whatever the cards say: nobody serves what is served already
    if (partnerServes[v.index] || (!isOurs && verdict !== Verdict.Mirrored)) {
        if (isHome)
            event("own copy is outdated: the partner went on alone; waiting")
    } else if (
        verdict === Verdict.Mirrored &&
        isNew &&
        v.mirroring !== Mirroring.None
    ) {
        v.mode = isHome ? Mode.Mirrored : Mode.Mirror
        if (isHome) beginIntents(v)
    } else if (isOurs) goAlone(v)
}

/** The partner's identity is kept on the card for a start without it. */
function rememberPartner() {
    wantSave(home)
    wakeStorage()
}

/// Losing ///

/** Whether there is something whole to take over. */
export function canTakeOver(): boolean {
    return home.mode === Mode.Mirror || foreign.mode === Mode.Mirror
}

/** The partner is dead for certain: its reset is held. */
export function partnerIsFenced() {
    mustTakeOver = true
    pairIsDue = true
}

/** Whether the partner has a part in what this board does. */
function isMirroring(): boolean {
    for (let i = 0; i < volumes.length; ++i)
        if (isReceiving(volumes[i]) || isSending(volumes[i])) return true
    return false
}

/**
 * The partner cannot be reached, and may live: from now on each board goes
 * its own way. It is told by silence that our copy moves on.
 */
export function partnerIsLost() {
    if (!isDecided || aloneAt !== 0) return
    if (!isMirroring()) return
    shutLink()
    endFilling()
    for (let i = 0; i < volumes.length; ++i) {
        const v = volumes[i]
        if (v.mode !== Mode.Mirror) continue
        v.mode = Mode.Waiting
        v.flags |= VolumeFlag.Outdated
        wantBothCopies(v)
        wakeStorage()
        event(
            v === foreign
                ? "copy of the partner's volume is outdated from now on"
                : "own copy is outdated from now on",
        )
    }
    aloneAt = ds.millis() + ALONE_WAIT_MS
}

/**
 * The partner gets all of what this board serves again, whatever its card has.
 * @returns why not
 */
export async function resync(): Promise<string | undefined> {
    let isAny = false
    for (let i = 0; i < volumes.length; ++i) {
        const mode = volumes[i].mode
        if (mode === Mode.Resyncing || mode === Mode.Joining)
            return "it is under way"
    }
    for (let i = 0; i < volumes.length; ++i) {
        const v = volumes[i]
        if (v.mode !== Mode.Mirrored && v.mode !== Mode.Alone) continue
        if (isUnmirrored(v)) continue
        wantWhole(v)
        isAny = true
    }
    if (!isAny) return "no volume is served from here"
    // who mirrors has to meet us anew
    partnerIsLost()
    return undefined
}

/** The partner was given up, and nothing is acknowledged alone yet. */
export function isLosing(): boolean {
    return aloneAt !== 0
}

/** What is served goes on without the partner. */
function goOn(v: Volume) {
    if (v.mode === Mode.Resyncing) endResync(v)
    else if (isSending(v)) goAlone(v)
}

/** Whether somebody answers at an address that is to be taken over. */
async function isAnyAnswered(): Promise<boolean> {
    if (foreign.mode === Mode.Mirror)
        if (await isAnswered(partnerPort, partnerOnCard)) return true
    return home.mode === Mode.Mirror
        ? await isAnswered(homePort, settings.identity)
        : false
}

/**
 * The partner is dead: be it. But three wires that break at once look as a death
 * does. So the LAN is asked before anything is changed.
 */
async function takeOver() {
    if (await isAnyAnswered()) {
        refuseTakeover()
        return
    }
    shutLink()
    endFilling()
    const hadHome = isServed(home)
    const hadForeign = isServed(foreign)
    for (let i = 0; i < volumes.length; ++i) {
        const v = volumes[i]
        if (v.mode === Mode.Mirror) goAlone(v)
        else goOn(v)
        heldEntries[i] = v.appended
    }
    if (!hadForeign && isServed(foreign)) await assume()
    // ours, that the partner had kept for us
    if (!hadHome && isServed(home)) await serve(homePort, Sense.PowerOn)
    event(`took over after ${ds.millis() - detector.beatAt} ms of silence`)
}

/** The partner port gets the partner's identity and serves its volume. */
async function assume() {
    setIdentity(partnerPort, partnerOnCard, foreign)
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

/// The operator's word ///

/** So long after it was last heard, a partner may be taken for gone. */
const GONE_MS = 1000

/**
 * Serves what this board waits with, whatever its partner's card may say: it
 * is not there to say it.
 * @returns why not
 */
export async function serveAlone(): Promise<string | undefined> {
    const hasPartner = partnerOnCard[ID_NAME_LENGTH] !== 0
    const takesHome = home.mode === Mode.Waiting
    const takesForeign =
        foreign.mode === Mode.Waiting &&
        foreign.mirroring !== Mirroring.None &&
        hasPartner
    if (!takesHome && !takesForeign) return "it waits with nothing"
    const wiresAt = Math.max(detector.beatAt, detector.linkAt)
    const heardAt = Math.max(wiresAt, detector.lanAt)
    if (linkIsUp() || ds.millis() - heardAt < GONE_MS)
        return "the partner is heard"
    if (takesHome) setIdentity(homePort, settings.identity, home)
    if (
        (takesHome && (await isAnswered(homePort, settings.identity))) ||
        (takesForeign && (await isAnswered(partnerPort, partnerOnCard)))
    )
        return "the address answers on the LAN"
    isDecided = true
    if (takesHome) {
        goAlone(home)
        await serve(homePort, Sense.PowerOn)
    }
    if (takesForeign) {
        goAlone(foreign)
        await assume()
    }
    return undefined
}

/// The main loop's part ///

/** Call every 20 ms, from the heartbeat, and when an operator wants something. */
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
    // also of a board that plays dead an operator may want to know
    if (pendingCommand) {
        await runCommand(pendingCommand)
        return true
    }
    if (hasSteppedDown) return false
    if (cardHasFailed() && isAllMirrored()) {
        await stepDown()
        return true
    }
    const now = ds.millis()
    if (aloneAt !== 0 && now >= aloneAt) {
        aloneAt = 0
        for (let i = 0; i < volumes.length; ++i) goOn(volumes[i])
        openLink()
        return true
    }
    if (got) {
        const v = got
        gotIt()
        if (v === home) await serve(homePort, Sense.PowerOn)
        else await assume()
        return true
    }
    if (isRejoining) {
        stepRejoin()
        if (await stepGiving(now)) return true
    }
    if (isFetching()) stepFetch()
    if (isVerifying) stepVerify()
    if (now >= lanBeatAt) await beatOverLan(now)
    if (now < checkAt) return false
    checkAt = now + CHECK_MS
    await check(now)
    return false
}

/** Whether the partner has all that this board serves, or mirrors. */
function isAllMirrored(): boolean {
    let isAny = false
    for (let i = 0; i < volumes.length; ++i) {
        const v = volumes[i]
        if (v.mode === Mode.Mirrored || isReceiving(v)) isAny = true
        else if (isServed(v) && !isUnmirrored(v)) return false
    }
    return isAny
}

/** It is served here, and meant to be here alone. */
function isUnmirrored(v: Volume): boolean {
    return v === home && v.mirroring === Mirroring.None
}

/** What was acknowledged out of memory is on the card, and so is the epoch. */
function isHeldOnCard(v: Volume): boolean {
    return v.isSaved && v.durable >= heldEntries[v.index]
}

async function check(now: number) {
    for (let i = 0; i < volumes.length; ++i)
        if (volumes[i].mode !== Mode.Waiting) settle(volumes[i], now)
    tickRejoin(now)
    patrol(now)
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

/** Says both lines of the status, though nothing has changed. */
export async function sayStatus(): Promise<undefined> {
    forgetReported()
    tellStatus(ds.millis())
    return undefined
}
