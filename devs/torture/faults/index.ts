/** All faults, by name. A new one is a file here and a line below. */
import { beatCut } from "./beat-cut.ts"
import { beatJitter } from "./beat-jitter.ts"
import { beatMissing } from "./beat-missing.ts"
import { beatStuck } from "./beat-stuck.ts"
import { brownOut } from "./brown-out.ts"
import { cableOut } from "./cable-out.ts"
import { cardBadSector } from "./card-bad-sector.ts"
import { cardBusy } from "./card-busy.ts"
import { cardLostWrite } from "./card-lost-write.ts"
import { cardMisdirect } from "./card-misdirect.ts"
import { cardNeighbours } from "./card-neighbours.ts"
import { cardReadError } from "./card-read-error.ts"
import { cardReplaced } from "./card-replaced.ts"
import { cardRemoved } from "./card-removed.ts"
import { cardRot } from "./card-rot.ts"
import { cardSlow } from "./card-slow.ts"
import { cardWriteError } from "./card-write-error.ts"
import { chipAddress } from "./chip-address.ts"
import { chipReset } from "./chip-reset.ts"
import { chipUpset } from "./chip-upset.ts"
import { fenceCut } from "./fence-cut.ts"
import { fenceStuckHigh } from "./fence-stuck-high.ts"
import { fenceStuckLow } from "./fence-stuck-low.ts"
import { hang } from "./hang.ts"
import { hangSilent } from "./hang-silent.ts"
import { hostAbort } from "./host-abort.ts"
import { hostAbortSet } from "./host-abort-set.ts"
import { hostDisconnect } from "./host-disconnect.ts"
import { hostFlood } from "./host-flood.ts"
import { hostLunReset } from "./host-lun-reset.ts"
import { hostVanish } from "./host-vanish.ts"
import { lanCut } from "./lan-cut.ts"
import { lanDelay } from "./lan-delay.ts"
import { lanLoss } from "./lan-loss.ts"
import { lanReset } from "./lan-reset.ts"
import { lanSplit } from "./lan-split.ts"
import { linkBlip } from "./link-blip.ts"
import { linkCorrupt } from "./link-corrupt.ts"
import { linkCut } from "./link-cut.ts"
import { linkLoss } from "./link-loss.ts"
import { linkOneWay } from "./link-one-way.ts"
import { linkReset } from "./link-reset.ts"
import { linkSlow } from "./link-slow.ts"
import { linkStall } from "./link-stall.ts"
import { panic } from "./panic.ts"
import { powerBoth } from "./power-both.ts"
import { powerCut } from "./power-cut.ts"
import { powerMidWrite } from "./power-mid-write.ts"
import { powerStep } from "./power-step.ts"
import { presentCut } from "./present-cut.ts"
import { reset } from "./reset.ts"
import { spiNoise } from "./spi-noise.ts"
import { staleSilence } from "./stale-silence.ts"
import { stall } from "./stall.ts"
import { superblockRot } from "./superblock-rot.ts"
import { takeover } from "./takeover.ts"
import { takeoverStep } from "./takeover-step.ts"
import { verify } from "./verify.ts"
import type { Fault } from "./fault.ts"

const all: Fault[] = [
    beatCut,
    beatJitter,
    beatMissing,
    beatStuck,
    brownOut,
    cableOut,
    cardBadSector,
    cardBusy,
    cardLostWrite,
    cardMisdirect,
    cardNeighbours,
    cardReadError,
    cardReplaced,
    cardRemoved,
    cardRot,
    cardSlow,
    cardWriteError,
    chipAddress,
    chipReset,
    chipUpset,
    fenceCut,
    fenceStuckHigh,
    fenceStuckLow,
    hang,
    hangSilent,
    hostAbort,
    hostAbortSet,
    hostDisconnect,
    hostFlood,
    hostLunReset,
    hostVanish,
    lanCut,
    lanDelay,
    lanLoss,
    lanReset,
    lanSplit,
    linkBlip,
    linkCorrupt,
    linkCut,
    linkLoss,
    linkOneWay,
    linkReset,
    linkSlow,
    linkStall,
    panic,
    powerBoth,
    powerCut,
    powerMidWrite,
    powerStep,
    presentCut,
    reset,
    spiNoise,
    staleSilence,
    stall,
    superblockRot,
    takeover,
    takeoverStep,
    verify,
]

export const faults = new Map(all.map(f => [f.name, f]))
