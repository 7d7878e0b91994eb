/** The logical unit alone: what it makes of a CDB. */
import type { Unit } from "../../src/scsi/request.ts"
import { bytes, text, useDeviceScript } from "./devicescript.ts"

useDeviceScript()
const request = await import("../../src/scsi/request.ts")
const { command, commandForNobody, initUnit } =
    await import("../../src/scsi/unit.ts")
const { makeVolume } = await import("../../src/store/volume.ts")
const { Outcome } = request
const { Sense } = await import("../../src/wire/scsi.ts")

initUnit()

/** Blocks of the unit: 32 MiB. */
export const BLOCKS = 65536

/** A unit with names that can be told apart. */
export function makeUnit(changes: { blocks?: number; portName?: string } = {}) {
    const volume = makeVolume(0)
    volume.blocks = changes.blocks ?? BLOCKS
    const unit: Unit = {
        volume,
        naa: bytes("30 11 22 33 44 55 66 77"),
        serial: "0123456789abcdef",
        portName: changes.portName ?? "iqn.2026-11.com.example:x,t,0x0001",
    }
    return unit
}

const theUnit = makeUnit()

/** What a CDB comes to: one of these, and what belongs to it. */
export interface Answer {
    outcome: keyof typeof Outcome
    /** with Failed */
    sense?: keyof typeof Sense
    /** with Reply, as hex */
    data?: string
    /** with Read, Write and Verify */
    lba?: number
    blocks?: number
    /** with Read and Write */
    isForced?: boolean
}

/**
 * Hands a CDB to the unit, somewhere in a buffer as it comes.
 * @param cdb hex; it is filled up with zeros to the 16 bytes of a PDU
 */
export function ask(cdb: string, unit: Unit = theUnit): Answer {
    return lookAt(cdb, unit, command)
}

/** The same for a LUN that does not exist. */
export function askNobody(cdb: string): Answer {
    return lookAt(cdb, theUnit, commandForNobody)
}

function lookAt(cdb: string, unit: Unit, look: typeof command): Answer {
    const before = text("PDU before its CDB")
    const after = text("and behind")
    const padded = bytes(cdb.replace(/\s/g, "").padEnd(32, "0"))
    request.beginRequest(unit)
    // what a reply does not fill must not be the last one's
    request.reply.fillAt(0, request.reply.length, 0xee)
    const outcome = look(
        before.concat(padded).concat(after),
        before.length,
    ) as number
    const answer: Answer = {
        outcome: Outcome[outcome] as keyof typeof Outcome,
    }
    if (outcome === Outcome.Failed)
        answer.sense = Sense[request.sense] as keyof typeof Sense
    if (outcome === Outcome.Reply)
        answer.data = request.reply
            .slice(0, request.replyLength)
            .toString("hex")
    if (
        outcome === Outcome.Read ||
        outcome === Outcome.Write ||
        outcome === Outcome.Verify
    ) {
        answer.lba = request.lba
        answer.blocks = request.blocks
    }
    if (outcome === Outcome.Read || outcome === Outcome.Write)
        answer.isForced = request.isForced
    return answer
}
