/**
 * From suspicion to a partner that is surely dead: the steps of fencing. Pure;
 * time comes as a parameter, in milliseconds.
 */
import { Carrier, Partner } from "./detector"

/** If both suspect each other in one moment, b lets a fence first. */
const SECOND_WAITS_MS = 20
/**
 * A reset pulls the partner's heartbeat low at once; samples come every 5 ms. It
 * resets the partner's W5500s as well, and our PHY sees that in 2 ms.
 */
export const CONFIRM_MS = 5
/**
 * Heartbeat or carrier still there after so long: the fence does not reach the
 * partner.
 */
const FENCE_LIMIT_MS = 60
/**
 * So long is waited for a main loop that is in the midst of its work and comes
 * late to look at the carrier: what nobody has looked at proves nothing.
 */
const LOOK_LIMIT_MS = 500

export enum Fencing {
    Watching = 0,
    /** suspected; the other board may be quicker */
    Waiting,
    /** holding the partner's reset, watching its heartbeat and its link chip */
    Holding,
    /** the partner is held in reset */
    Fenced,
    /** the partner is silent and cannot be fenced: an operator must look */
    Refused,
}

/** What the caller must do. */
export enum Act {
    None = 0,
    /** pull the fence */
    Hold,
    /** let the fence go: it did not work */
    Release,
    /** the partner is surely dead */
    TakeOver,
    /** say why nothing is taken over: `why` */
    Report,
}

export enum Why {
    None = 0,
    CableOut,
    FenceBroken,
    FenceFailed,
    Answered,
}

export interface Fence {
    state: Fencing
    since: number
    why: Why
    /** 0 for a, 1 for b */
    index: number
}

export function makeFence(index: number): Fence {
    return { state: Fencing.Watching, since: 0, why: Why.None, index }
}

/** The one place where the state changes. */
function go(f: Fence, state: Fencing, now: number) {
    f.state = state
    f.since = now
}

function refuse(f: Fence, why: Why, now: number): Act {
    f.why = why
    go(f, Fencing.Refused, now)
    return Act.Report
}

/**
 * One step.
 * @param beatLevel the partner's heartbeat line
 * @param isWhole the fence was whole when the partner was last heard
 * @param carrier what was seen of it since the fence is held
 */
export function stepFence(
    f: Fence,
    now: number,
    partner: Partner,
    beatLevel: number,
    isWhole: boolean,
    isPresent: boolean,
    carrier: Carrier,
): Act {
    const isSuspect = partner === Partner.Suspect
    switch (f.state) {
        case Fencing.Watching:
            if (!isSuspect) return Act.None
            go(f, Fencing.Waiting, now)
            return f.index === 0 ? fence(f, now, isWhole, isPresent) : Act.None
        case Fencing.Waiting:
            if (!isSuspect) go(f, Fencing.Watching, now)
            else if (now - f.since >= SECOND_WAITS_MS)
                return fence(f, now, isWhole, isPresent)
            return Act.None
        case Fencing.Holding:
            return confirm(f, now, beatLevel, carrier)
        case Fencing.Refused:
            if (!isSuspect) go(f, Fencing.Watching, now)
            return Act.None
        default:
            return Act.None
    }
}

/**
 * The lines say that the partner is dead, and its network chip answers: fence,
 * heartbeat and link have all broken at once.
 */
export function refuseAnswered(f: Fence, now: number): Why {
    refuse(f, Why.Answered, now)
    return f.why
}

function fence(
    f: Fence,
    now: number,
    isWhole: boolean,
    isPresent: boolean,
): Act {
    if (!isPresent) return refuse(f, Why.CableOut, now)
    if (!isWhole) return refuse(f, Why.FenceBroken, now)
    go(f, Fencing.Holding, now)
    return Act.Hold
}

/**
 * A low heartbeat alone proves nothing: a hung board's line stands at either
 * level. But no board whose chips are held in reset gives a carrier.
 */
function confirm(
    f: Fence,
    now: number,
    beatLevel: number,
    carrier: Carrier,
): Act {
    const held = now - f.since
    if (held >= CONFIRM_MS && beatLevel === 0 && carrier === Carrier.Gone) {
        go(f, Fencing.Fenced, now)
        return Act.TakeOver
    }
    if (held < FENCE_LIMIT_MS) return Act.None
    const isOpen = beatLevel === 0 && carrier !== Carrier.There
    if (isOpen && held < LOOK_LIMIT_MS) return Act.None
    f.why = Why.FenceFailed
    go(f, Fencing.Refused, now)
    return Act.Release
}
