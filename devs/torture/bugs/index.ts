/** All planted bugs. A new one is a file here and a line below. */
import type { Bug } from "./bug.ts"
import { aloneEarlyAck } from "./alone-early-ack.ts"
import { blockLeak } from "./block-leak.ts"
import { creditLeak } from "./credit-leak.ts"
import { earlyAck } from "./early-ack.ts"
import { earlyAnnounce } from "./early-announce.ts"
import { earlyDurable } from "./early-durable.ts"
import { earlyRelease } from "./early-release.ts"
import { epochIgnored } from "./epoch-ignored.ts"
import { failedRead } from "./failed-read.ts"
import { failedWrite } from "./failed-write.ts"
import { flushOrder } from "./flush-order.ts"
import { fuaNoWait } from "./fua-no-wait.ts"
import { halfWrite } from "./half-write.ts"
import { linkResumed } from "./link-resumed.ts"
import { lostParts } from "./lost-parts.ts"
import { lowBeat } from "./low-beat.ts"
import { noActiveMark } from "./no-active-mark.ts"
import { noEpoch } from "./no-epoch.ts"
import { noStepDown } from "./no-step-down.ts"
import { oneChannel } from "./one-channel.ts"
import { outdatedTakeover } from "./outdated-takeover.ts"
import { readMissesLog } from "./read-misses-log.ts"
import { readMissesPart } from "./read-misses-part.ts"
import { servesUnmet } from "./serves-unmet.ts"
import { skipFence } from "./skip-fence.ts"
import { syncOneCard } from "./sync-one-card.ts"
import { taskLeak } from "./task-leak.ts"
import { noDirtyMark } from "./no-dirty-mark.ts"
import { noFirstMarks } from "./no-first-marks.ts"
import { resyncOverwrites } from "./resync-overwrites.ts"
import { fillingTakeover } from "./filling-takeover.ts"
import { copyOfBoth } from "./copy-of-both.ts"
import { noIntents } from "./no-intents.ts"
import { intentsKept } from "./intents-kept.ts"
import { linkLeftovers } from "./link-leftovers.ts"
import { chipZeros } from "./chip-zeros.ts"
import { epochLate } from "./epoch-late.ts"
import { halfGiven } from "./half-given.ts"
import { givesAndKeeps } from "./gives-and-keeps.ts"
import { earlyJoin } from "./early-join.ts"
import { resyncMissesLog } from "./resync-misses-log.ts"
import { shortExtents } from "./short-extents.ts"
import { unmarkedBesideResync } from "./unmarked-beside-resync.ts"
import { lostFetch } from "./lost-fetch.ts"
import { newCardAsOld } from "./new-card-as-old.ts"
import { asyncNoWait } from "./async-no-wait.ts"
import { asyncHidden } from "./async-hidden.ts"
import { epochOnOneCopy } from "./epoch-on-one-copy.ts"
import { heldForGood } from "./held-for-good.ts"
import { oneWord } from "./one-word.ts"

export const bugs: Bug[] = [
    earlyAck,
    halfWrite,
    skipFence,
    oneChannel,
    flushOrder,
    earlyRelease,
    syncOneCard,
    fuaNoWait,
    readMissesLog,
    readMissesPart,
    earlyAnnounce,
    lowBeat,
    noEpoch,
    epochIgnored,
    outdatedTakeover,
    aloneEarlyAck,
    earlyDurable,
    failedWrite,
    failedRead,
    taskLeak,
    blockLeak,
    creditLeak,
    noStepDown,
    noActiveMark,
    linkResumed,
    servesUnmet,
    noDirtyMark,
    noFirstMarks,
    resyncOverwrites,
    fillingTakeover,
    copyOfBoth,
    noIntents,
    intentsKept,
    linkLeftovers,
    chipZeros,
    lostParts,
    epochLate,
    halfGiven,
    givesAndKeeps,
    earlyJoin,
    resyncMissesLog,
    shortExtents,
    unmarkedBesideResync,
    lostFetch,
    newCardAsOld,
    asyncNoWait,
    asyncHidden,
    epochOnOneCopy,
    heldForGood,
    oneWord,
]

/** @throws Error that names the bugs there are */
export function bugOf(slug: string): Bug {
    const found = bugs.find(b => b.slug === slug)
    if (found) return found
    const slugs = bugs.map(b => b.slug).join(", ")
    throw new Error(`there is no bug "${slug}"; there are: ${slugs}`)
}
