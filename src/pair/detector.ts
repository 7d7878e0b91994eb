/**
 * The failure detector: what the wires and the link say of the partner. Pure;
 * time comes as a parameter, in milliseconds.
 *
 * Two channels tell that the partner lives: the heartbeat line, and frames
 * over the link. Either one alone is a broken wire. Only the silence of both
 * is a dead board; and a channel counts as alive only while it is fresh, so
 * that a death which one channel shows a moment before the other is not taken
 * for a broken wire. Heartbeats over the LAN are a third witness: seldom there
 * in time, but whom it has heard since both fell silent is not dead.
 */

/** Both channels silent for so long: the partner is suspected. */
export const SILENT_MS = 60
/**
 * Of a partner that one channel had lost before, silence is longer: with a
 * broken line or link, a busy moment must not look like a death. A card that
 * does not answer a read keeps the bus for 100 ms. So much less than `brokenMs`,
 * for a link that was silent for so long has ended mirroring.
 */
const SINGLE_BEFORE_MS = 50
/** Silences that begin in such a time of each other have one cause. */
const TOGETHER_MS = 60
/**
 * One channel silent for so long while the other is alive: it is broken. Longer,
 * because a busy board may keep its partner waiting for a frame, and because a
 * pair that is not one any more has to be brought together again.
 */
const BROKEN_MS = 200
/**
 * The same, of frames over the LAN: they are as old as what they answer, and
 * each board answers in a round of its main loop.
 */
const LAN_BROKEN_MS = 400
/**
 * After so long without an answer, what is mirrored here may be old, though
 * frames come: they may be late, and the partner may have gone on alone.
 */
const UNANSWERED_MS = 400
/**
 * From shutting the link until a write is acknowledged alone. By then the partner
 * takes its copy for old: it has seen the silence, 400 ms over the LAN, or has had
 * no answer for as long.
 */
export const ALONE_WAIT_MS = UNANSWERED_MS + 50
/** A channel is alive when it was heard in this time: two changes of the line. */
export const FRESH_MS = 30
/** The same, of frames over the LAN. */
const LAN_FRESH_MS = 100
/**
 * Still heard so long after the fence last read high, the partner lives and the
 * fence is broken. A reset is shorter. A death is, too: the fence is looked at
 * every 20 to 40 ms, its heartbeat's last edge is the death itself, and its last
 * frames may be read 100 ms later, when hosts log in meanwhile.
 */
const FENCE_BROKEN_MS = 200
/**
 * So long, frames that may have come count as none that have not: the main loop
 * looks at the link once a round, and a round of a busy board is 60 ms.
 */
const UNREAD_LIMIT_MS = 100
/** One look at the link's PHY may be a bit that went wrong on the bus. */
const CARRIER_LOOKS = 2

/** What the link's PHY says of the partner's link chip. */
export enum Carrier {
    /** not looked at often enough */
    Unknown = 0,
    There,
    Gone,
}

export enum Partner {
    /** not yet heard on both channels since this board started */
    Unknown = 0,
    Alive,
    /** frames come, heartbeats do not */
    BeatLost,
    /** heartbeats come, frames do not */
    LinkLost,
    /** both channels are silent */
    Suspect,
}

export interface Detector {
    partner: Partner
    beatLevel: number
    /** when the line last changed, or may have, and when the last frame came */
    beatAt: number
    linkAt: number
    /** when the last ping was sent that the partner has answered */
    answeredAt: number
    /** when the partner surely lived, by what came over the LAN; 0: nothing did */
    lanAt: number
    /** as BROKEN_MS, of the path that frames take */
    brokenMs: number
    /** when the line was last seen to change */
    beatSeenAt: number
    /** so much of the link's silence, something lay unread in its chip */
    unreadMs: number
    /** something lies there now, and nobody has had the time to read it */
    hasNews: boolean
    /** heard at all */
    hasBeat: boolean
    hasLink: boolean
    /** the fence wire was whole when the partner was last heard */
    isFenceWhole: boolean
    fenceHighAt: number
    /** the cable is plugged in */
    isPresent: boolean
    carrier: Carrier
    /** looks in a row that found none */
    carrierless: number
}

export function makeDetector(): Detector {
    return {
        partner: Partner.Unknown,
        beatLevel: 0,
        beatAt: 0,
        linkAt: 0,
        answeredAt: 0,
        lanAt: 0,
        brokenMs: BROKEN_MS,
        beatSeenAt: 0,
        unreadMs: 0,
        hasNews: false,
        hasBeat: false,
        hasLink: false,
        isFenceWhole: false,
        fenceHighAt: 0,
        isPresent: false,
        carrier: Carrier.Unknown,
        carrierless: 0,
    }
}

/** Frames take another path from now on. */
export function setPath(d: Detector, isLan: boolean) {
    d.brokenMs = isLan ? LAN_BROKEN_MS : BROKEN_MS
}

/** A frame has come over the link. @param at when the partner surely lived */
export function heardLink(d: Detector, at: number) {
    if (at > d.linkAt) d.linkAt = at
    d.unreadMs = 0
    d.hasNews = false
    d.hasLink = true
}

/** The partner has answered over the link. @param at when it was asked */
export function heardAnswer(d: Detector, at: number) {
    if (at > d.answeredAt) d.answeredAt = at
}

/**
 * Whether the partner may have gone on alone since it was last heard, and what is
 * mirrored here may be old.
 */
export function mayBeOld(d: Detector, now: number): boolean {
    return now - d.linkAt >= d.brokenMs || now - d.answeredAt >= UNANSWERED_MS
}

/** The partner has answered over the LAN. @param at when it surely lived */
export function heardLan(d: Detector, at: number) {
    if (at > d.lanAt) d.lanAt = at
}

/**
 * Whether the link's chip has news that nobody has read. What the partner said
 * meanwhile is not known: no board dies of that, and none before it was read.
 * But what is mirrored here may grow old, so for a broken link it counts.
 * @param ms since the last look
 */
export function sampleNews(d: Detector, hasNews: boolean, ms: number) {
    d.hasNews = hasNews && d.unreadMs + ms <= UNREAD_LIMIT_MS
    if (d.hasNews) d.unreadMs += ms
}

/**
 * The cards were compared: this board serves with its partner from now on, and
 * its silence matters, though its heartbeat may not have been heard yet.
 */
export function metPartner(d: Detector, now: number) {
    if (d.hasBeat) return
    d.hasBeat = true
    d.beatAt = d.beatSeenAt = now
}

/**
 * This board itself stood still, and could hear nobody: that is no silence.
 * @param ms how long
 */
export function wasDeaf(d: Detector, now: number, ms: number) {
    d.beatSeenAt = Math.min(d.beatSeenAt + ms, now)
    d.beatAt = Math.min(d.beatAt + ms, now)
    d.linkAt = Math.min(d.linkAt + ms, now)
    // nor has the fence read low all that time
    d.fenceHighAt = Math.min(d.fenceHighAt + ms, now)
}

/** The line was not looked at for so long: what it did then is not known. */
export function missedBeats(d: Detector, now: number, ms: number) {
    d.beatAt = Math.min(d.beatAt + ms, now)
}

/** The level of the heartbeat line. Call every few milliseconds. */
export function sampleBeat(d: Detector, now: number, level: number) {
    if (level === d.beatLevel) return
    d.beatLevel = level
    d.beatAt = d.beatSeenAt = now
    d.hasBeat = true
}

/**
 * The levels of fence, while it is released, and present. A fence is whole
 * when it reads high: the pull-up is at the partner's end.
 */
export function sampleCable(
    d: Detector,
    now: number,
    fence: number,
    present: number,
) {
    d.isPresent = present === 0
    if (fence) {
        d.fenceHighAt = now
        d.isFenceWhole = true
    } else if (
        Math.max(d.beatSeenAt, d.linkAt) - d.fenceHighAt >
        FENCE_BROKEN_MS
    )
        // without power at the partner it reads low as well: only the word of
        // a partner that lives counts, and no change that may have been missed
        d.isFenceWhole = false
}

/** What was seen of the carrier so far does not count any more. */
export function forgetCarrier(d: Detector) {
    d.carrier = Carrier.Unknown
    d.carrierless = 0
}

/** What a look at the link's PHY says. */
export function sampleCarrier(d: Detector, isThere: boolean) {
    d.carrierless = isThere ? 0 : d.carrierless + 1
    if (isThere) d.carrier = Carrier.There
    else if (d.carrierless >= CARRIER_LOOKS) d.carrier = Carrier.Gone
    else d.carrier = Carrier.Unknown
}

/** Looks at both channels. @returns the new state of the partner */
export function judge(d: Detector, now: number): Partner {
    const beatAge = now - d.beatAt
    const linkAge = now - d.linkAt
    const linkSilence = linkAge - d.unreadMs
    const silence = Math.min(beatAge, linkSilence)
    // looks that came late make no old silence a new one; and of the link it is
    // only known that its silence began between two moments
    const seenAge = now - d.beatSeenAt
    const isTogether =
        seenAge - linkAge <= TOGETHER_MS && linkSilence - seenAge <= TOGETHER_MS
    const freshMs = d.brokenMs === BROKEN_MS ? FRESH_MS : LAN_FRESH_MS
    const limit = isTogether ? SILENT_MS : d.brokenMs - SINGLE_BEFORE_MS
    const isOnLan = d.lanAt > 0 && now - d.lanAt < limit
    if (d.partner === Partner.Unknown && !(d.hasBeat && d.hasLink))
        return d.partner
    if (beatAge <= FRESH_MS && linkAge <= freshMs) d.partner = Partner.Alive
    else if (!d.hasNews && silence >= limit && !isOnLan)
        d.partner = Partner.Suspect
    else if (beatAge >= BROKEN_MS && linkAge <= freshMs)
        d.partner = Partner.BeatLost
    else if (linkAge >= d.brokenMs && (beatAge <= FRESH_MS || isOnLan))
        d.partner = Partner.LinkLost
    else if (
        d.partner === Partner.Suspect &&
        (beatAge <= FRESH_MS || linkAge <= freshMs)
    )
        // it was only slow: one sign of life ends the suspicion
        d.partner = Partner.Alive
    // else between fresh and silent nothing changes
    return d.partner
}
