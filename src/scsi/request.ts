/**
 * The SCSI command that is being looked at. One at a time: a command is
 * looked at from its header to what becomes of it without a pause, so its
 * values are globals, which cost least.
 */
import { Volume } from "../store/volume"
import { Sense } from "../wire/scsi"

/** A logical unit: a volume, and what hosts know it by. */
export interface Unit {
    volume: Volume
    /** NAA identifier, 8 bytes */
    naa: Buffer
    /** unit serial number, 16 characters */
    serial: string
    /** name of the target port that serves it */
    portName: string
}

/** What becomes of a command. */
export enum Outcome {
    /** done: GOOD, without data */
    Good = 0,
    /** done: `replyLength` bytes of `reply` */
    Reply,
    /** done: CHECK CONDITION with `sense` */
    Failed,
    /** move `blocks` from or to `lba` */
    Read,
    Write,
    /** read `blocks` from `lba` and look whether it works */
    Verify,
    /** wait until all writes so far are safe */
    Flush,
}

/** Data of commands that are answered at once; 255 is INQUIRY's most. */
export const reply = Buffer.alloc(256)

export let replyLength = 0
export let sense = Sense.None
export let lba = 0
export let blocks = 0
/** force unit access: wait until the data are safe */
export let isForced = false
/** whom the command is for */
export let unit: Unit

export function beginRequest(u: Unit) {
    unit = u
    isForced = false
    sense = Sense.None
}

export function fail(s: Sense): Outcome {
    sense = s
    return Outcome.Failed
}

/**
 * Answers with data, cut to what the initiator allocates.
 * @param allocated allocation length of the CDB
 */
export function replyWith(length: number, allocated: number): Outcome {
    replyLength = length < allocated ? length : allocated
    return replyLength === 0 ? Outcome.Good : Outcome.Reply
}

/** Largest transfer of one command, in blocks: 128 KiB. */
export const MAX_TRANSFER_BLOCKS = 256

/** Checks a range of blocks and sets it. */
export function setRange(first: number, count: number, ok: Outcome): Outcome {
    const size = unit.volume.blocks
    if (first > size || first + count > size) return fail(Sense.LbaOutOfRange)
    if (count > MAX_TRANSFER_BLOCKS && ok !== Outcome.Flush)
        return fail(Sense.InvalidField)
    lba = first
    blocks = count
    return count === 0 ? Outcome.Good : ok
}

export function force() {
    isForced = true
}
