/**
 * The logical unit: a table of commands by operation code. What is not in it
 * is refused.
 */
import { get32, put32 } from "../wire/bytes"
import { putSense, Scsi, Sense, SENSE_SIZE } from "../wire/scsi"
import {
    read10,
    read12,
    read16,
    read6,
    readCapacity10,
    serviceActionIn16,
    synchronizeCache10,
    synchronizeCache16,
    verify10,
    verify12,
    verify16,
    write10,
    write12,
    write16,
    write6,
} from "./block"
import { initInquiry, inquiry, inquiryNoDevice } from "./inquiry"
import { modeSense10, modeSense6 } from "./modesense"
import { fail, Outcome, reply, replyWith } from "./request"

/** Looks at the CDB that begins at `b[at]`. */
type Command = (b: Buffer, at: number) => Outcome

/** Operation codes, and in the same order what looks at them. */
const opcodes = Buffer.alloc(32)
const commands: Command[] = []

function offer(opcode: Scsi, command: Command) {
    opcodes[commands.length] = opcode
    commands.push(command)
}

/** Fills the table; the commands that come most stand first. */
export function initUnit() {
    offer(Scsi.Read10, read10)
    offer(Scsi.Write10, write10)
    offer(Scsi.Read16, read16)
    offer(Scsi.Write16, write16)
    offer(Scsi.TestUnitReady, good)
    offer(Scsi.RequestSense, requestSense)
    offer(Scsi.Read6, read6)
    offer(Scsi.Write6, write6)
    offer(Scsi.Inquiry, inquiry)
    offer(Scsi.ModeSense6, modeSense6)
    offer(Scsi.StartStopUnit, startStopUnit)
    offer(Scsi.ReadCapacity10, readCapacity10)
    offer(Scsi.Verify10, verify10)
    offer(Scsi.SynchronizeCache10, synchronizeCache10)
    offer(Scsi.ModeSense10, modeSense10)
    offer(Scsi.Verify16, verify16)
    offer(Scsi.SynchronizeCache16, synchronizeCache16)
    offer(Scsi.ServiceActionIn16, serviceActionIn16)
    offer(Scsi.ReportLuns, reportLuns)
    offer(Scsi.Read12, read12)
    offer(Scsi.Write12, write12)
    offer(Scsi.Verify12, verify12)
    opcodes.fillAt(commands.length, opcodes.length - commands.length, 0xff)
    initInquiry()
}

/** Whether a pending unit attention lets the command pass (SAM-5 5.14). */
export function passesAttention(opcode: number): boolean {
    return (
        opcode === Scsi.Inquiry ||
        opcode === Scsi.ReportLuns ||
        opcode === Scsi.RequestSense
    )
}

/** Looks at a command for LUN 0. */
export function command(b: Buffer, at: number): Outcome {
    const i = opcodes.indexOf(b[at])
    const f = commands[i]
    return f ? f(b, at) : fail(Sense.InvalidOpcode)
}

/** Looks at a command for a LUN that does not exist. */
export function commandForNobody(b: Buffer, at: number): Outcome {
    const opcode = b[at]
    if (opcode === Scsi.Inquiry) return inquiryNoDevice(b, at)
    if (opcode === Scsi.ReportLuns) return reportLuns(b, at)
    if (opcode === Scsi.RequestSense)
        return replySense(Sense.LunNotSupported, b[at + 4])
    return fail(Sense.LunNotSupported)
}

function good(): Outcome {
    return Outcome.Good
}

/** Stopping flushes; there is nothing to load, eject or spin. */
function startStopUnit(b: Buffer, at: number): Outcome {
    const isStop = (b[at + 4] & 1) === 0
    const isImmediate = (b[at + 1] & 1) !== 0
    return isStop && !isImmediate ? Outcome.Flush : Outcome.Good
}

/** Sense comes with each status: there is never any left. */
function requestSense(b: Buffer, at: number): Outcome {
    if (b[at + 1] & 1) return fail(Sense.InvalidField) // descriptor format
    return replySense(Sense.None, b[at + 4])
}

export function replySense(sense: Sense, allocated: number): Outcome {
    putSense(reply, 0, sense)
    return replyWith(SENSE_SIZE, allocated)
}

/** One LUN, number 0: SPC-4 6.33. */
function reportLuns(b: Buffer, at: number): Outcome {
    const allocated = get32(b, at + 6)
    const select = b[at + 2]
    if (select > 2 || allocated < 16) return fail(Sense.InvalidField)
    reply.fillAt(0, 16, 0)
    // 1: well-known LUNs only, of which there are none
    const size = select === 1 ? 0 : 8
    put32(reply, 0, size)
    return replyWith(8 + size, allocated)
}
